"""Builders of a search from a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

_NODES = {
    "space": orm.Dict,
    "strategy": orm.Dict,
    "budget": orm.Int,
    "batch_size": orm.Int,
    "max_concurrent": orm.Int,
    "asynchronous": orm.Bool,
    "max_failed_fraction": orm.Float,
    "seed": orm.Int,
}


_ENGINES = {"engine": {"mode", "constraints"}, "verification": {"mode", "constraints", "n_basins"}}
_TYPES: dict[Any, tuple[tuple[type, ...], str]] = {
    orm.Dict: ((dict,), "a mapping"),
    orm.Int: ((int,), "a whole number"),
    orm.Bool: ((bool,), "true or false"),
    orm.Float: ((int, float), "a number"),
}


class SearchProtocol(ProtocolMixin):
    """Fills a builder of the search from `protocols/search.yaml`."""

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "search.yaml"

    @classmethod
    def get_protocol_inputs(cls, protocol: str | None = None, overrides: Any = None) -> dict[str, Any]:
        """Return the settings of a protocol with some of them overridden.

        :raises ValueError: for a protocol or a setting that is not known.
        """
        settings: dict[str, Any] = super().get_protocol_inputs(protocol, overrides)
        known = {*_NODES, *_ENGINES}
        unknown = [name for name in settings if name not in known]
        unknown += [f"{one}.{name}" for one, names in _ENGINES.items() for name in settings[one] if name not in names]
        if unknown:
            raise ValueError(f"there is no setting '{unknown[0]}' to override, known are {', '.join(sorted(known))}")
        return settings

    @classmethod
    def get_builder_from_protocol(
        cls,
        structure: orm.StructureData,
        boundary: Mapping[str, Any],
        engine: ProcessBuilder,
        *,
        verification: ProcessBuilder | None = None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param structure: bulk crystal.
        :param boundary: `axis`, `plane` and `sigma` or `angle` (degrees).
        :param engine: builder of an evaluation, as its own `get_builder_from_protocol` returns it.
        :param verification: builder of the evaluation that verifies the best basins.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :raises ValueError: for a protocol or an override that is not known, or of the wrong type.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        builder: ProcessBuilder = cls.get_builder()
        builder.structure = structure
        builder.boundary = orm.Dict(dict(boundary))
        for name, kind in _NODES.items():
            if settings[name] is not None:
                builder[name] = _node(name, kind, settings[name])
        builder.engine = _engine_inputs(engine, settings["engine"])
        if verification is not None:
            builder.verification = _engine_inputs(verification, settings["verification"])
            builder["verification"]["n_basins"] = orm.Int(settings["verification"]["n_basins"])
        else:
            builder.pop("verification", None)
        return builder


def _node(name: str, kind: Any, value: Any) -> orm.Data:
    """Return a setting as a node, which would round or convert what is of another type."""
    types, words = _TYPES[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not orm.Bool):
        raise ValueError(f"'{name}' must be {words}, got {value!r}")
    node: orm.Data = kind(value)
    return node


def _engine_inputs(engine: ProcessBuilder, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of one engine namespace from the builder of its evaluation."""
    process = engine.process_class
    inputs = engine._inputs(prune=True)
    for name in ("structures", "mode", "constraints"):
        inputs.pop(name, None)
    return {
        "workflow": orm.Str(process.build_process_type().partition(":")[2]),
        "inputs": inputs,
        "mode": orm.Str(settings["mode"]),
        "constraints": orm.Dict(settings["constraints"]),
        "level_of_theory": orm.Str(process.level_of_theory(inputs)),
    }
