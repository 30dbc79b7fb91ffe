"""Sets of compositions as a user names them: files and nodes, and how they come into the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError

if TYPE_CHECKING:
    from aiida_gbml.data.composition_set import CompositionSetData

READ_OPTIONS = ("column", "id_column", "age", "age_column", "table", "source", "licence")
"""How a file is read, see :class:`aiida_gbml.science.compounds.readers.options.ReadOptions`."""


@dataclass(frozen=True)
class Subject:
    """Compositions as they are, and how they come into the graph.

    :param node: not stored yet when it is from a file.
    :param store: returns the stored node, whose provenance goes back to where it came from.
    """

    node: CompositionSetData
    store: Callable[[], CompositionSetData]


def find_compositions(text: Any, options: Mapping[str, Any] | None = None) -> Subject:
    """Return the compositions of a file or a node; nothing is stored.

    :param text: path of a file, or the pk or uuid of a set of compositions.
    :param options: how a file is read, some of :data:`READ_OPTIONS`.
    :raises ValueError: when there is no such file or node, or it cannot be read.
    """
    from aiida_gbml.data.composition_set import CompositionSetData
    from aiida_gbml.science.compounds.readers.files import read_compositions

    path = Path(str(text))
    if not path.is_file():
        node = _node(text)
        return Subject(node, lambda: node)
    given = dict(options or {})
    unknown = sorted(set(given) - set(READ_OPTIONS))
    if unknown:
        raise ConfigurationError(f"files are not read with '{unknown[0]}', known are {', '.join(READ_OPTIONS)}")
    content = read_compositions(path, **given)
    return Subject(CompositionSetData(content), lambda: _read_into_graph(path, given))


def _node(text: Any) -> CompositionSetData:
    """Return the stored set of a pk or uuid."""
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    from aiida_gbml.data.composition_set import CompositionSetData

    try:
        node = orm.load_node(int(text) if str(text).isdecimal() else str(text))
    except (NotExistent, MultipleObjectsError, ValueError) as exception:
        raise ConfigurationError(f"there is neither a file nor a node '{text}' with compositions") from exception
    if not isinstance(node, CompositionSetData):
        raise ConfigurationError(f"node {node.pk} is a {type(node).__name__}, not a set of compositions")
    return node


def _read_into_graph(path: Path, options: Mapping[str, Any]) -> CompositionSetData:
    """Return the set of a file as a node whose file is part of its provenance."""
    from aiida import orm

    from aiida_gbml.calculations.read_compositions import read_compositions

    file = orm.SinglefileData(file=path.resolve())
    node = read_compositions.run_get_node(file=file, options=orm.Dict(dict(options)))[1]
    if not node.is_finished_ok:
        raise ConfigurationError(node.exit_message)
    compositions: CompositionSetData = node.outputs.compositions
    return compositions
