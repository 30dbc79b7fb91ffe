"""Of what compounds a property is wanted: tables, structures in files, and nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError

if TYPE_CHECKING:
    from aiida_gbml.data.array_archive import ArchiveData
    from aiida_gbml.science.compounds.property_table import PropertyTable


@dataclass(frozen=True)
class Stored:
    """Compounds in the graph.

    :param compounds: a set of structures or of compositions.
    :param targets: the property of each, if it was read with them.
    """

    compounds: ArchiveData
    targets: ArchiveData | None


@dataclass(frozen=True)
class Subject:
    """Compounds as they are, and how they come into the graph.

    :param compounds: a set of structures or of compositions; not stored yet when it is from a file.
    :param targets: the property of each; none when the compounds are a node, or have no property.
    :param table: what was read; none of a node.
    :param store: returns the nodes, whose provenance goes back to where they came from.
    """

    compounds: ArchiveData
    targets: ArchiveData | None
    table: PropertyTable | None
    store: Callable[[], Stored]

    @property
    def names(self) -> list[str]:
        """What a reader calls each compound: its formula, and its label where it has one."""
        return names_of(self.compounds)


def find_subject(text: Any, options: Mapping[str, Any]) -> Subject:
    """Return the compounds of a file or a node; nothing is stored.

    :param text: path of a CSV or extended XYZ file, or the pk or uuid of a set of structures or compositions, or of a
        search over structures.
    :param options: how a file is read, see :mod:`aiida_gbml.science.compounds.property_files`.
    :raises ValueError: when there is none, or it cannot be read.
    """
    if text is None:
        raise ConfigurationError("of which compounds? Give a table, such as compounds.csv, or a node")
    path = Path(str(text))
    if path.is_file():
        return _of_file(path, options)
    if path.suffix or "/" in str(text):
        raise ConfigurationError(f"there is no file '{text}'")
    return _of_node(text)


def names_of(compounds: ArchiveData) -> list[str]:
    """Return what a reader calls each compound of a node."""
    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.science.compounds.property_table import formula_of_row

    if not isinstance(compounds, StructureSetData):
        return list(compounds.compositions.formulas())
    structures = compounds.structures
    formulas = [formula_of_row(structures, row) for row in range(len(structures))]
    labels = structures.columns.get("structure_label")
    if labels is None:
        return formulas
    return [
        formula if label in (formula, str(row)) else f"{formula} ({label})"
        for row, (formula, label) in enumerate(zip(formulas, labels.tolist(), strict=True))
    ]


def node_of(identifier: Any) -> Any:
    """Return a node by its pk or uuid.

    :raises ConfigurationError: when there is none.
    """
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    try:
        return orm.load_node(identifier)
    except (NotExistent, MultipleObjectsError, ValueError) as exception:
        raise ConfigurationError(f"there is no file and no node '{identifier}'") from exception


def _of_file(path: Path, options: Mapping[str, Any]) -> Subject:
    """Return the compounds of a file."""
    from aiida_gbml.data.composition_set import CompositionSetData
    from aiida_gbml.data.property_targets import PropertyTargetsData
    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.science.compounds.composition_set import CompositionSet
    from aiida_gbml.science.compounds.property_files import read_property_file

    table = read_property_file(path.name, path.read_bytes(), options)
    compounds: ArchiveData
    if isinstance(table.compounds, CompositionSet):
        compounds = CompositionSetData(table.compounds)
    else:
        compounds = StructureSetData(table.compounds)
    targets = None if table.targets is None else PropertyTargetsData(table.targets)

    def store() -> Stored:
        from aiida import orm

        from aiida_gbml.calculations.read_property_table import read_property_table

        file = orm.SinglefileData(file=path.resolve())
        node = read_property_table.run_get_node(file=file, options=orm.Dict(dict(options)))[1]
        if not node.is_finished_ok:
            raise ConfigurationError(node.exit_message)
        outputs = node.outputs
        stored = outputs.structures if "structures" in outputs else outputs.compositions
        return Stored(stored, outputs.targets if "targets" in outputs else None)

    return Subject(compounds, targets, table, store)


def _of_node(identifier: Any) -> Subject:
    """Return the compounds of a node, or the database of a search."""
    from aiida import orm

    from aiida_gbml.data.composition_set import CompositionSetData
    from aiida_gbml.data.structure_set import StructureSetData

    node = node_of(identifier)
    if isinstance(node, orm.WorkChainNode):
        found = next((name for name in ("database", "evaluated") if name in node.outputs), None)
        if found is None:
            raise ConfigurationError(f"process {node.pk} has no structures")
        node = node.outputs[found]
    if not isinstance(node, StructureSetData | CompositionSetData):
        raise ConfigurationError(
            f"node {node.pk} is a {type(node).__name__}, neither a set of structures nor of compositions"
        )
    stored = Stored(node, None)
    return Subject(node, None, None, lambda: stored)
