"""Of what spectra are wanted: files, nodes, groups, and the boundaries that a search found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.science.structure_set import StructureSet

N_BOUNDARIES = 3
"""Structures that are taken of a search."""


@dataclass(frozen=True)
class Subject:
    """Structures as they are, and how they come into the graph.

    :param content: the structures, with the column ``structure_label``.
    :param store: returns the node of the same structures, whose provenance goes back to where they came from.
    """

    content: StructureSet
    store: Callable[[], StructureSetData]


def find_subject(settings: Mapping[str, Any]) -> Subject:
    """Return the structures of some settings; nothing is stored.

    :param settings: ``structures`` (files), ``nodes`` (identifiers), ``group`` (label), ``search`` (pk) with
        ``n_boundaries``.
    :raises ConfigurationError: when there are none, or one of them does not exist or cannot be read.
    """
    from aiida_gbml.science.structure_set import concatenate

    subjects = [_of_file(Path(path)) for path in settings.get("structures", ())]
    nodes = [_node(identifier) for identifier in settings.get("nodes", ())]
    if settings.get("group") is not None:
        nodes += _members(settings["group"])
    subjects += [_of_node(node) for node in nodes]
    if settings.get("search") is not None:
        subjects.append(_of_search(settings["search"], settings.get("n_boundaries", N_BOUNDARIES)))
    if not subjects:
        raise ConfigurationError("spectra of what? Give a file, such as diamond.cif, or --search, --group or --node")
    content = subjects[0].content if len(subjects) == 1 else concatenate([one.content for one in subjects])
    return Subject(content, lambda: _merged([one.store() for one in subjects]))


def _of_file(path: Path) -> Subject:
    """Return the structure of a file."""
    from aiida_gbml.cli.configuration import read_crystal
    from aiida_gbml.science.structure_set import StructureSet

    atoms = read_crystal(path)
    content = StructureSet.from_ase([atoms], structure_label=[path.stem])

    def store() -> StructureSetData:
        from aiida_gbml.cli.configuration import read_into_graph

        return _collected({path.stem: read_into_graph({"crystal": path})})

    return Subject(content, store)


def _of_node(node: Any) -> Subject:
    """Return the structures of a node."""
    from aiida import orm

    from aiida_gbml.data.structure_set import StructureSetData, check_row
    from aiida_gbml.science.spectra.identity import formula_of
    from aiida_gbml.science.structure_set import StructureSet

    if isinstance(node, StructureSetData):
        content = node.structures
        if "structure_label" not in content.columns:
            labels = [f"{node.label or node.pk} {row}" for row in range(len(content))]
            content = content.with_columns(structure_label=labels)
        return Subject(content, lambda: node)
    if not isinstance(node, orm.StructureData):
        raise ConfigurationError(f"node {node.pk} is a {type(node).__name__}, neither a structure nor a set of them")
    try:
        check_row(node)
    except ValueError as exception:
        raise ConfigurationError(f"node {node.pk}: {exception}") from exception
    atoms = node.get_ase()
    label = node.label or formula_of(atoms)
    content = StructureSet.from_ase([atoms], structure_label=[label])
    return Subject(content, lambda: _collected({label: node}))


def _of_search(pk: int, most: int) -> Subject:
    """Return the most stable structures that a search has found, with the crystal."""
    from aiida import orm

    from aiida_gbml.calculations.take_boundaries import take_boundaries
    from aiida_gbml.science.interfaces.distances import most_stable_boundaries

    node = _node(pk)
    if getattr(node, "process_label", "") != "GrainBoundarySearchWorkChain" or "evaluated" not in node.outputs:
        raise ConfigurationError(f"node {pk} is no grain-boundary search with results")
    if "verified" in node.outputs:
        bulk = node.base.links.get_outgoing(link_label_filter="verification_bulk").one().node
        found = {"evaluated": node.outputs.verified, "reference": bulk.outputs.evaluated}
    else:
        found = {"evaluated": node.outputs.evaluated, "reference": node.outputs.reference}
    content = most_stable_boundaries(found["evaluated"].structures, found["reference"].structures, most)

    def store() -> StructureSetData:
        taken: StructureSetData = take_boundaries(most=orm.Int(most), **found)["boundaries"]
        return taken

    return Subject(content, store)


def _node(identifier: Any) -> Any:
    """Return a node by its pk or uuid."""
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    try:
        return orm.load_node(identifier)
    except (NotExistent, MultipleObjectsError, ValueError) as exception:
        raise ConfigurationError(f"there is no node '{identifier}'") from exception


def _members(label: str) -> list[Any]:
    """Return the structures of a group."""
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    from aiida_gbml.data.structure_set import StructureSetData

    try:
        group = orm.load_group(label)
    except (NotExistent, MultipleObjectsError) as exception:
        raise ConfigurationError(f"there is no group '{label}'") from exception
    nodes = [node for node in group.nodes if isinstance(node, orm.StructureData | StructureSetData)]
    if not nodes:
        raise ConfigurationError(f"the group '{label}' holds no structures")
    return sorted(nodes, key=lambda node: node.pk)


def _collected(structures: Mapping[str, orm.StructureData]) -> StructureSetData:
    """Return structures as one set, by what a reader calls them."""
    from aiida import orm

    from aiida_gbml.calculations.collect_structures import collect_structures

    names = {f"structure_{number:04d}": label for number, label in enumerate(structures)}
    given = dict(zip(names, structures.values(), strict=True))
    node = collect_structures.run_get_node(labels=orm.Dict(names), **given)[1]
    if not node.is_finished_ok:
        raise ConfigurationError(node.exit_message)
    collected: StructureSetData = node.outputs.collected
    return collected


def _merged(sets: Sequence[StructureSetData]) -> StructureSetData:
    """Return several sets as one."""
    from aiida_gbml.calculations.merge_structure_sets import merge_structure_sets
    from aiida_gbml.workflows.levels import merge_in_levels

    return merge_in_levels(sets, lambda _, nodes: merge_structure_sets(**nodes)["merged"])
