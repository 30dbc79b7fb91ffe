"""Which spectra a user asks for, from a configuration file and from options, made into the inputs of a dataset."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError, Settings, check, find_code, read_mapping
from aiida_gbml.cli.spectra_datasets import find_pairs, find_pseudos

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder

    from aiida_gbml.cli.spectra_subjects import Subject
    from aiida_gbml.data.spectra_dataset import SpectraDatasetData

KEYS = (
    "structures",
    "nodes",
    "group",
    "search",
    "n_boundaries",
    "edges",
    "treatments",
    "pseudo_family",
    "recipes",
    "accept_failed_pseudos",
    "pw_code",
    "xspectra_code",
    "protocol",
    "electronic_type",
    "options",
    "overrides",
    "max_concurrent",
    "extend",
    "label",
)
_LISTS = ("structures", "nodes", "edges", "treatments")


def read(path: Path) -> Settings:
    """Return the settings of a YAML file; its structures are relative to the file.

    :raises ConfigurationError: when the file is no mapping of known keys.
    """
    settings = read_mapping(path, KEYS, ("recipes", "options", "overrides"))
    for name in _LISTS:
        if not isinstance(settings.get(name, []), list):
            raise ConfigurationError(f"'{name}' in '{path}' must be a list, got {settings[name]!r}")
    if "structures" in settings:
        settings["structures"] = [path.parent / str(name) for name in settings["structures"]]
    return settings


def edges_of(elements: Sequence[str], edges: Sequence[str]) -> list[dict[str, str]]:
    """Return what options ask for: one edge of all elements, one element with all edges, or an edge each.

    :raises ConfigurationError: when it is not clear which edge belongs to which element.
    """
    names = list(edges) or ["K"]
    if 1 not in (len(elements), len(names)) and len(elements) != len(names):
        raise ConfigurationError(f"{len(elements)} elements and {len(names)} edges: give one edge, or one each")
    count = max(len(elements), len(names))
    pairs = zip(list(elements) * (count // len(elements)), names * (count // len(names)), strict=True)
    return [{"element": element, "edge": edge} for element, edge in pairs]


def wanted_edges(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the edges of some settings, which are what the dataset takes.

    :raises ConfigurationError: when there are none or they are none.
    """
    from aiida import orm

    from aiida_gbml.workflows.spectra.dataset_validation import validate_edges

    edges = settings.get("edges")
    if not edges:
        raise ConfigurationError("which spectra? Give --element, such as --element O, and --edge")
    complaint = validate_edges(orm.List(edges), None)
    if complaint:
        raise ConfigurationError(complaint)
    return list(edges)


def wanted_recipes(settings: Mapping[str, Any], elements: Collection[str]) -> dict[str, str]:
    """Return the recipes of some settings by element.

    :param elements: those of the structures.
    :raises ConfigurationError: for a recipe of anything else, or what is no name.
    """
    recipes: dict[str, str] = settings.get("recipes") or {}
    for element, name in recipes.items():
        if element not in elements:
            told = ", ".join(sorted(elements))
            raise ConfigurationError(f"'recipes' names a recipe of '{element}', but the elements are {told}")
        if not isinstance(name, str):
            raise ConfigurationError(f"the recipe of {element} must be a name, such as '{element}', got {name!r}")
    return recipes


def builder(settings: Settings, subject: Subject) -> ProcessBuilder:
    """Return the builder of the dataset that some settings describe; nothing is stored.

    Its structures are not yet those of the graph.

    :raises ValueError: when something is missing or does not exist, or the dataset would refuse it.
    """
    from ase.symbols import Symbols

    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.workflows.spectra.dataset import SpectraDatasetWorkChain

    edges, treatments = wanted_edges(settings), settings.get("treatments") or ["full"]
    accepts = bool(settings.get("accept_failed_pseudos"))
    absorbing = {one["element"] for one in edges}
    present = set(Symbols(subject.content.numbers))
    if absorbing - present:
        absent = ", ".join(sorted(absorbing - present))
        raise ConfigurationError(f"no structure has {absent}; the elements are {', '.join(sorted(present))}")
    dataset: ProcessBuilder = SpectraDatasetWorkChain.get_builder_from_protocol(
        find_code(settings.get("pw_code"), "pw"),
        find_code(settings.get("xspectra_code"), "xspectra"),
        StructureSetData(subject.content),
        edges,
        treatments,
        protocol=settings.get("protocol"),
        overrides={**settings.get("overrides", {}), **({"accept_failed_pseudos": True} if accepts else {})},
        pairs=find_pairs(edges, treatments, accept_failed=accepts, recipes=wanted_recipes(settings, present)),
        pseudos=find_pseudos(present - absorbing, settings.get("pseudo_family"), settings.get("recipes")),
        electronic_type=settings.get("electronic_type") or "insulator",
        options=settings.get("options"),
        max_concurrent=settings.get("max_concurrent") or 2,
        extend=_earlier(settings["extend"]) if settings.get("extend") else None,
    )
    dataset["metadata"]["label"] = str(settings.get("label") or "")
    check(dataset)
    return dataset


def _earlier(identifier: Any) -> SpectraDatasetData:
    """Return an earlier dataset, by its own pk or that of its process."""
    from aiida import orm
    from aiida.common.exceptions import NotExistent

    from aiida_gbml.data.spectra_dataset import SpectraDatasetData

    try:
        node = orm.load_node(identifier)
    except (NotExistent, ValueError) as exception:
        raise ConfigurationError(f"there is no dataset {identifier}") from exception
    if isinstance(node, orm.WorkChainNode) and "dataset" in node.outputs:
        node = node.outputs.dataset
    if not isinstance(node, SpectraDatasetData):
        raise ConfigurationError(f"node {identifier} is no dataset of spectra, and has made none")
    return node
