"""Builders of a search of a potential-energy surface from a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from aiida import orm
from aiida.engine import ProcessBuilder

from aiida_gbml.workflows.evaluation.engine import check_engine_settings, engine_inputs
from aiida_gbml.workflows.protocol import SettingsProtocol, refuse_unknown

_NODES = {
    "grid": orm.Dict,
    "supercell": orm.List,
    "strategy": orm.Dict,
    "budget": orm.Int,
    "batch_size": orm.Int,
    "max_failed_fraction": orm.Float,
    "seed": orm.Int,
    "temperature": orm.Float,
    "attempt_frequency": orm.Float,
}


class PotentialSurfaceProtocol(SettingsProtocol):
    """Fills a builder of the search from `protocols/potential_surface.yaml`."""

    setting_kinds: ClassVar[Mapping[str, Any]] = _NODES

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "potential_surface.yaml"

    @classmethod
    def get_protocol_inputs(cls, protocol: str | None = None, overrides: Any = None) -> dict[str, Any]:
        """Return the settings of a protocol with some of them overridden.

        :raises ValueError: for a protocol or a setting that is not known.
        """
        settings: dict[str, Any] = super().get_protocol_inputs(protocol, overrides)
        refuse_unknown(settings, (*_NODES, "engine"))
        check_engine_settings(settings)
        return settings

    @classmethod
    def get_builder_from_protocol(
        cls,
        structure: orm.StructureData,
        mobile: str,
        engine: ProcessBuilder,
        *,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param structure: host crystal.
        :param mobile: symbol of the element that moves.
        :param engine: builder of an evaluation, as its own `get_builder_from_protocol` returns it.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :raises ValueError: for a protocol or an override that is not known, or of the wrong type.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        builder: ProcessBuilder = cls.get_builder()
        builder.structure = structure
        builder.mobile = orm.Str(mobile)
        for name, node in cls.get_setting_nodes(settings).items():
            builder[name] = node
        builder.engine = engine_inputs(engine, settings["engine"])
        return builder
