"""Builders of the spectrum of one site from a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.protocol import refuse_unknown

_NODES = {
    "alignment": orm.Str,
    "polarisations": orm.Dict,
    "cell": orm.Dict,
    "kpoints_distance": orm.Float,
    "spectrum_kpoints_distance": orm.Float,
    "empirical_offset": orm.Float,
    "accept_failed_pseudos": orm.Bool,
    "max_concurrent": orm.Int,
}
_OPTIONAL = {"broadening": orm.Dict}
_DENSITY = 8.0
"""Cutoff of the density of ultrasoft datasets in units of that of the wavefunctions, when none is recommended."""


class SpectrumProtocol(ProtocolMixin):
    """Fills a builder of a spectrum from `protocols/spectrum.yaml`."""

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "spectrum.yaml"

    @classmethod
    def get_protocol_inputs(cls, protocol: str | None = None, overrides: Any = None) -> dict[str, Any]:
        """Return the settings of a protocol with some of them overridden.

        :raises ValueError: for a protocol or a setting that is not known.
        """
        settings: dict[str, Any] = super().get_protocol_inputs(protocol, overrides)
        refuse_unknown(settings, {*_NODES, *_OPTIONAL, "pw", "xspectra"})
        return settings

    @classmethod
    def get_builder_from_protocol(
        cls,
        pw_code: orm.AbstractCode,
        xspectra_code: orm.AbstractCode,
        structure: orm.StructureData,
        site: int,
        edge: str = "K",
        *,
        treatments: Sequence[str] = ("full",),
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        pairs: Mapping[str, CoreHolePairData],
        pseudos: Mapping[str, orm.Data] | None = None,
        electronic_type: str = "insulator",
        options: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param pw_code: ``pw.x``.
        :param xspectra_code: ``xspectra.x``.
        :param structure: crystal, slab or molecule.
        :param site: index of the absorbing atom, from 0.
        :param edge: K, L1, L2, L3 or L23.
        :param treatments: of the hole: none, half, full, excited.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol, as nested as the inputs; absolute.
        :param pairs: datasets of the absorbing element with a 'half' or a 'full' hole.
        :param pseudos: datasets of the other elements by symbol.
        :param electronic_type: insulator or metal.
        :param options: scheduler options of every job.
        :raises ValueError: for a protocol or a setting that is not known, and when nothing tells the cutoffs.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        builder: ProcessBuilder = cls.get_builder()
        builder.structure = structure
        builder.site = orm.Int(site)
        builder.edge = orm.Str(edge)
        builder.treatments = orm.List(list(treatments))
        builder.electronic_type = orm.Str(electronic_type)
        for name, kind in (_NODES | _OPTIONAL).items():
            if name in settings:
                builder[name] = kind(settings[name])
        builder.pairs = dict(pairs)
        builder.pseudos = dict(pseudos or {})
        parameters = settings["pw"]["pw"]["parameters"]
        parameters["SYSTEM"] = _cutoffs(pairs, pseudos or {}, parameters.get("SYSTEM", {}))
        for name, code in (("pw", pw_code), ("xspectra", xspectra_code)):
            builder[name] = _jobs(code, name, settings[name], options or {})
        return builder


def _jobs(code: orm.AbstractCode, name: str, settings: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of the jobs of one program."""
    inner = dict(settings[name])
    parallel = {} if code.with_mpi is None else {"withmpi": code.with_mpi}
    given = {**inner.pop("metadata")["options"], **parallel, **options}
    scheduler = code.computer.scheduler_type if code.computer is not None else None
    job: dict[str, Any] = {key: orm.Dict(value) for key, value in inner.items()}
    job |= {"code": code, "metadata": {"options": PwRestartWorkChain.set_default_resources(given, scheduler)}}
    return {name: job, "max_iterations": orm.Int(settings["max_iterations"])}


def _cutoffs(
    pairs: Mapping[str, CoreHolePairData], pseudos: Mapping[str, orm.Data], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the namelist SYSTEM with the highest cutoffs in Ry that the datasets ask for, unless they are given."""
    if {"ecutwfc", "ecutrho"} <= given.keys():
        return dict(given)
    wanted = [
        (pair.base.attributes.get("cutoff_wfc"), pair.base.attributes.get("cutoff_rho")) for pair in pairs.values()
    ]
    wanted += [_recommended(pseudo) for pseudo in pseudos.values()]
    wavefunctions = [wfc for wfc, _ in wanted if wfc]
    if not wavefunctions and "ecutwfc" not in given:
        raise ValueError(
            "no dataset recommends a cutoff: override `ecutwfc` and `ecutrho` (Ry) in `pw.pw.parameters.SYSTEM`"
        )
    ecutwfc = given.get("ecutwfc", max(wavefunctions, default=0.0))
    densities = [rho for _, rho in wanted if rho]
    return {"ecutwfc": ecutwfc, "ecutrho": max([_DENSITY * ecutwfc, *densities]), **given}


def _recommended(pseudo: Any) -> tuple[float | None, float | None]:
    """Return the cutoffs in Ry that a file recommends for wavefunctions and density, if it does."""
    from aiida_gbml.science.engines.upf import read_upf

    upf = read_upf(pseudo.get_content(mode="rb"))
    return upf.cutoff_wfc, upf.cutoff_rho
