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


class SearchProtocol(ProtocolMixin):
    """Fills a builder of the search from `protocols/search.yaml`."""

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "search.yaml"

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
        :raises ValueError: for a protocol that is not known.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        builder: ProcessBuilder = cls.get_builder()
        builder.structure = structure
        builder.boundary = orm.Dict(dict(boundary))
        for name, kind in _NODES.items():
            if settings[name] is not None:
                builder[name] = kind(settings[name])
        builder.engine = _engine_inputs(engine, settings["engine"])
        if verification is not None:
            builder.verification = _engine_inputs(verification, settings["verification"])
            builder["verification"]["n_basins"] = orm.Int(settings["verification"]["n_basins"])
        else:
            builder.pop("verification", None)
        return builder


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
