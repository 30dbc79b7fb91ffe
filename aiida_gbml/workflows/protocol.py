"""Settings of protocols: which of them there are, and the nodes that they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from aiida import orm
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

_TYPES: dict[Any, tuple[tuple[type, ...], str]] = {
    orm.Dict: ((dict,), "a mapping"),
    orm.List: ((list,), "a list"),
    orm.Int: ((int,), "a whole number"),
    orm.Bool: ((bool,), "true or false"),
    orm.Float: ((int, float), "a number"),
    orm.Str: ((str,), "a text"),
}


def refuse_unknown(settings: Iterable[str], known: Iterable[str]) -> None:
    """Raise unless all settings are known.

    :raises ValueError: naming one that is not.
    """
    names = sorted(known)
    unknown = [name for name in settings if name not in names]
    if unknown:
        raise ValueError(f"there is no setting '{unknown[0]}' to override, known are {', '.join(names)}")


def setting_node(name: str, kind: Any, value: Any) -> orm.Data:
    """Return a setting as a node, which would round or convert what is of another type.

    :param kind: class of the node.
    :raises ValueError: for a value of another type.
    """
    types, words = _TYPES[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not orm.Bool):
        raise ValueError(f"'{name}' must be {words}, got {value!r}")
    node: orm.Data = kind(value)
    return node


def setting_nodes(
    ports: Mapping[str, Any], settings: Mapping[str, Any], kinds: Mapping[str, Any]
) -> dict[str, orm.Data]:
    """Return the settings that are not none as nodes that their ports accept.

    :param ports: inputs of a process, by name.
    :param kinds: class of the node of each setting.
    :raises ValueError: for a setting of another type, or one that its port refuses, in the sentence of the port.
    """
    given = {name: kind for name, kind in kinds.items() if settings[name] is not None}
    nodes = {name: setting_node(name, kind, settings[name]) for name, kind in given.items()}
    for name, node in nodes.items():
        error = ports[name].validate(node)
        if error is not None:
            raise ValueError(error.message)
    return nodes


class SettingsProtocol(ProtocolMixin):
    """A protocol of a work chain whose settings become inputs of the same names."""

    setting_kinds: ClassVar[Mapping[str, Any]]
    """Class of the node of each setting."""

    @classmethod
    def get_setting_nodes(cls, settings: Mapping[str, Any]) -> dict[str, orm.Data]:
        """Return the inputs that the settings of a protocol become.

        :raises ValueError: for a setting of another type, or one that the work chain would refuse.
        """
        return setting_nodes(cls.spec().inputs, settings, cls.setting_kinds)
