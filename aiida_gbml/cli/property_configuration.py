"""What a user asks of properties, from a configuration file and from options, made into the inputs of processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import (
    ConfigurationError,
    Settings,
    check,
    engine_builder,
    find_code,
    overrides_of,
    read_mapping,
)
from aiida_gbml.cli.property_subjects import Stored, Subject, find_subject, node_of
from aiida_gbml.science.compounds.property_column import FORMATION_ENERGY

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder

    from aiida_gbml.data.model import ModelData
    from aiida_gbml.data.structure_set import StructureSetData

MODEL_KEYS = (
    "compounds",
    "columns",
    "property",
    "unit",
    "predict",
    "references",
    "protocol",
    "overrides",
    "worker",
    "label",
)
SEARCH_KEYS = (
    "candidates",
    "columns",
    "objective",
    "references",
    "engine",
    "protocol",
    "overrides",
    "worker",
    "label",
)
_FILES = ("compounds", "candidates", "predict", "references")
_WORKER = "worker"


def read(path: Path, keys: tuple[str, ...]) -> Settings:
    """Return the settings of a YAML file; its tables, structures and potential are relative to the file.

    :raises ConfigurationError: when the file is no mapping of known keys.
    """
    groups = [name for name in ("columns", "objective", "engine", "overrides") if name in keys]
    settings = read_mapping(path, keys, groups)
    for name in _FILES:
        if isinstance(settings.get(name), str) and (path.parent / settings[name]).exists():
            settings[name] = str(path.parent / settings[name])
    potential = settings.get("engine", {}).get("potential")
    if isinstance(potential, str) and (path.parent / potential).exists():
        settings["engine"]["potential"] = str(path.parent / potential)
    return settings


def compounds_of(settings: Mapping[str, Any]) -> Subject:
    """Return the compounds of which a property is to be learned.

    :raises ValueError: when there are none, or it is not said which property they have.
    """
    columns = dict(settings.get("columns", {}))
    if "target" not in columns:
        raise ConfigurationError("which property? Give --target COLUMN, such as --target formation_energy_per_atom")
    is_xyz = Path(str(settings.get("compounds"))).suffix.lower() in (".xyz", ".extxyz")
    if is_xyz and settings.get("references") is not None and columns["target"] == FORMATION_ENERGY:
        del columns["target"]  # it follows from the energies of both, in a process
    return find_subject(settings.get("compounds"), columns)


def others_of(settings: Mapping[str, Any], name: str) -> Subject | None:
    """Return further compounds of some settings, of which no property is read; none where none are named."""
    if settings.get(name) is None:
        return None
    columns = {key: value for key, value in settings.get("columns", {}).items() if key in ("formula", "structure")}
    return find_subject(settings[name], columns)


def model_builder(
    settings: Settings, stored: Stored, predict: Stored | None = None, references: Stored | None = None
) -> ProcessBuilder:
    """Return the builder of the model that some settings describe.

    :param stored: the compounds, in the graph or not.
    :param predict: others whose property is predicted.
    :param references: evaluated crystals of the elements.
    :raises ValueError: when something is missing or does not exist, or the process would refuse it.
    """
    from aiida_gbml.science.compounds.property_column import UNITS
    from aiida_gbml.workflows.compounds.property_model import PropertyModelWorkChain

    target = settings["columns"]["target"]
    builder: ProcessBuilder = PropertyModelWorkChain.get_builder_from_protocol(
        find_code(settings.get("worker"), _WORKER),
        stored.compounds,
        settings.get("property") or target,
        unit=settings.get("unit") or UNITS.get(target, ""),
        targets=stored.targets,
        predict=None if predict is None else predict.compounds,
        protocol=settings.get("protocol"),
        overrides=settings.get("overrides"),
    )
    if references is not None:
        builder.references = structures_of(references, "references")
    builder["metadata"]["label"] = str(settings.get("label") or "")
    check(builder)
    return builder


def search_builder(settings: Settings, candidates: Stored, references: Stored | None) -> ProcessBuilder:
    """Return the builder of the search that some settings describe.

    :param candidates: the database, in the graph or not.
    :param references: crystals of the elements.
    :raises ValueError: when something is missing or does not exist, or the process would refuse it.
    """
    from aiida_gbml.workflows.compounds.property_search import PropertySearchWorkChain
    from aiida_gbml.workflows.worker import worker_inputs

    database, elements = structures_of(candidates, "candidates"), None
    if references is not None:
        elements = structures_of(references, "references")
    sets = [database] if elements is None else [database, elements]
    engine = engine_builder(settings.get("engine", {}), _all_elements(sets), settings.get("protocol"))
    builder: ProcessBuilder = PropertySearchWorkChain.get_builder_from_protocol(
        database,
        settings.get("objective", {}),
        engine,
        references=elements,
        protocol=settings.get("protocol"),
        overrides=overrides_of(settings),
    )
    if settings.get("worker"):
        builder.worker = worker_inputs(find_code(settings["worker"], _WORKER))
    builder["metadata"]["label"] = str(settings.get("label") or "")
    check(builder)
    return builder


def structures_of(stored: Stored | Subject, name: str) -> StructureSetData:
    """Return the structures of compounds that an engine is to evaluate.

    :raises ConfigurationError: when they are compositions.
    """
    from aiida_gbml.data.structure_set import StructureSetData

    if not isinstance(stored.compounds, StructureSetData):
        raise ConfigurationError(f"the {name} are compositions, and an engine needs structures: name their --structure")
    return stored.compounds


def model_of(identifier: Any) -> ModelData:
    """Return a model of a property, by its own pk or that of its process.

    :raises ConfigurationError: when there is none.
    """
    from aiida import orm

    from aiida_gbml.data.model import ModelData

    node = node_of(identifier)
    if isinstance(node, orm.WorkChainNode):
        if "model" not in node.outputs:
            raise ConfigurationError(f"process {node.pk} has no model: look at it with `aiida-gbml explain {node.pk}`")
        node = node.outputs.model
    if not isinstance(node, ModelData) or not str(node.base.attributes.get("kind", "")).startswith("property."):
        raise ConfigurationError(f"node {node.pk} is a {type(node).__name__}, not a model of a property")
    return node


def _all_elements(sets: Sequence[StructureSetData]) -> Any:
    """Return the first structure with an atom of every element added: an engine asks which elements there are."""
    from ase import Atoms

    first = sets[0].structures.to_ase(0)
    numbers = sorted({number for one in sets for number in one.structures.numbers.tolist()} - set(first.numbers))
    return first + Atoms(numbers=numbers)
