"""Recommended compositions put to the test by computing them and what they compete with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, while_
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.calculations.join_compositions import join_compositions
from aiida_gbml.calculations.judge_compositions import judge_compositions
from aiida_gbml.calculations.select_compositions import select_compositions
from aiida_gbml.calculations.select_phases import select_phases
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.compounds import verification_ports as ports
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.evaluation.engine import check_engine_settings, engine_inputs, evaluation
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.protocol import refuse_unknown, setting_node

_EVALUATIONS = ("evaluate_candidates", "evaluate_phases")


class CompositionVerificationWorkChain(ProtocolMixin, FanOut):
    """Compute the best compositions of a ranking, and see which are stable.

    Elements take the places of others in known crystals, the engine relaxes the new crystals and the phases that they
    could decompose into, and the energy against the most stable mixture decides. What is expected is a node before
    anything is computed; what is found stable is a set of compositions that may join the known ones.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        ports.define_exit_codes(spec)
        spec.outline(
            cls.run_selection,
            while_(cls.should_evaluate)(cls.run_evaluations),
            cls.inspect_evaluations,
            cls.run_judgement,
            cls.results,
        )

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "verification.yaml"

    @classmethod
    def get_builder_from_protocol(
        cls,
        ranking: RankingData | None,
        prototypes: StructureSetData,
        engine: ProcessBuilder,
        *,
        competing: StructureSetData | None = None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param ranking: the ranked candidates; none to set them later.
        :param prototypes: known crystals whose places new elements take.
        :param engine: builder of an evaluation, as its own `get_builder_from_protocol` returns it.
        :param competing: known crystals that a new compound may decompose into; the prototypes by default.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :raises ValueError: for a protocol or an override that is not known.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        refuse_unknown(settings, ("engine", "settings"))
        check_engine_settings(settings)
        builder: ProcessBuilder = cls.get_builder()
        if ranking is not None:
            builder.ranking = ranking
        builder.prototypes = prototypes
        if competing is not None:
            builder.competing = competing
        builder.settings = setting_node("settings", orm.Dict, settings["settings"])
        builder.engine = engine_inputs(engine, settings["engine"])
        return builder

    def run_selection(self) -> ExitCode | None:
        """Choose the compositions and the phases that compete with them, and register what is expected."""
        known = self.inputs.get("competing", self.inputs.prototypes)
        given = {name: self.inputs[name] for name in ("ranking", "prototypes", "settings")}
        chosen = self.call_once("select_compositions", select_compositions, **given)
        if isinstance(chosen, ExitCode):
            return self._exit("ERROR_NO_PROTOTYPE", reason=chosen.message)
        self.out("expectation", chosen["expectation"])
        self.ctx.selected, self.ctx.expectation = chosen["selected"], chosen["expectation"]
        phases = self.call_once("select_phases", select_phases, competing=known, selected=chosen["selected"])
        if isinstance(phases, ExitCode):
            return self._exit("ERROR_NO_COMPETING_PHASE", reason=phases.message)
        self.ctx.phases = phases["phases"]
        counts = self.ctx.expectation
        chance = "unknown" if counts["expected_hit_rate"] is None else f"{counts['expected_hit_rate']:.2f}"
        self.report(
            f"{counts['n_compositions']} compositions in {counts['n_structures']} structures against "
            f"{len(self.ctx.phases)} phases, expected hit rate {chance}"
        )
        return None

    def should_evaluate(self) -> bool:
        """Go on until both sets are evaluated."""
        return bool(self.unfinished(_EVALUATIONS))

    def run_evaluations(self) -> None:
        """Launch the evaluations of the new crystals and of the phases, and wait until one is back."""
        self.fan_out(_EVALUATIONS, self._build, max_concurrent=len(_EVALUATIONS))

    def inspect_evaluations(self) -> ExitCode | None:
        """Keep what was evaluated, or end when it is nothing."""
        errors = ("ERROR_CANDIDATES_FAILED", "ERROR_PHASES_FAILED")
        for label, name, error in zip(_EVALUATIONS, ("evaluated", "evaluated_phases"), errors, strict=True):
            child = self.children(label)[label]
            evaluated = child.outputs.evaluated if "evaluated" in child.outputs else None
            if evaluated is None or not evaluated.base.attributes.get("n_ok"):
                reason = reason_of(child)
                if evaluated is not None:
                    reason = str(evaluated.structures.columns["reason"][0])
                return self._exit(error, engine=self.inputs.engine.workflow.value, reason=reason)
            self.ctx[name] = evaluated
        self.out("phases", self.ctx.evaluated_phases)
        return None

    def run_judgement(self) -> None:
        """Hold the energies against the phases, and let what is stable join the known compositions."""
        outputs = self.call_once(
            "judge",
            judge_compositions,
            evaluated=self.ctx.evaluated,
            phases=self.ctx.evaluated_phases,
            expectation=self.ctx.expectation,
            settings=self.inputs.settings,
        )
        self.ctx.judged = outputs
        if "known" in self.inputs:
            joined = self.call_once("join", join_compositions, known=self.inputs.known, stable=outputs["stable"])
            self.ctx.judged = {**outputs, "known": joined["joined"]}

    def results(self) -> ExitCode | None:
        """Attach the outputs and say what is to be said against them."""
        for name, node in self.ctx.judged.items():
            self.out(name, node)
        report = self.ctx.judged["report"]
        if report["hit_rate"] is None:
            return self._exit("WARNING_NOT_JUDGED")
        self.report(f"{report['n_stable']} of {report['n_judged']} compositions are stable")
        if report["n_competing_failed"]:
            counts = {"n_failed": report["n_competing_failed"], "n_competing": report["n_competing"]}
            return self._exit("WARNING_PHASES_INCOMPLETE", **counts)
        return None

    def _build(self, label: str) -> Launch:
        """Return the engine's work chain and its inputs for one of the sets."""
        structures = {"evaluate_candidates": self.ctx.selected, "evaluate_phases": self.ctx.phases}[label]
        return evaluation(self.inputs.engine, structures)
