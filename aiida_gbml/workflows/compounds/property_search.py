"""The search over a database of structures for the compound with the best property."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, if_, while_

from aiida_gbml.calculations.adopt_evaluated import adopt_evaluated
from aiida_gbml.calculations.collect_parameters import collect_parameters
from aiida_gbml.calculations.conclude_property_search import conclude_property_search
from aiida_gbml.calculations.describe_compounds import describe_compounds
from aiida_gbml.calculations.merge_structure_sets import merge_structure_sets
from aiida_gbml.calculations.propose_compounds import propose_compounds
from aiida_gbml.calculations.record_property import record_property
from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_column import UNITS
from aiida_gbml.workflows.compounds import property_search_ports as ports
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.evaluation.engine import check_engine_settings, engine_inputs, evaluation
from aiida_gbml.workflows.fan_out import FanOut
from aiida_gbml.workflows.levels import merge_in_levels
from aiida_gbml.workflows.protocol import SettingsProtocol, refuse_unknown
from aiida_gbml.workflows.worker import Task, output_of, run_task

LEAST_OBSERVATIONS = 6
"""Evaluations before the share of failures is judged: about the initial design of a search."""

_NODES: dict[str, Any] = {
    "descriptors": orm.Dict,
    "strategy": orm.Dict,
    "budget": orm.Int,
    "batch_size": orm.Int,
    "max_failed_fraction": orm.Float,
    "seed": orm.Int,
}

_DESCRIBE = Task(describe_compounds, "compounds.search_features", {"features": "core.array"})


class PropertySearchWorkChain(SettingsProtocol, FanOut):
    """Find the compound of a database whose property is best, with few evaluations.

    The descriptors of all structures are computed once. Then, round after round, a Gaussian process over them proposes
    compounds, the engine evaluates them, and the property is read from what it gave. What is known of the database
    before the search, its rows with the status 'ok', counts as observed.
    """

    setting_kinds: ClassVar[Mapping[str, Any]] = _NODES

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        ports.define_exit_codes(spec)
        spec.outline(
            cls.setup,
            if_(cls.has_references)(cls.run_references, cls.inspect_references),
            cls.adopt_known,
            cls.run_description,
            cls.inspect_description,
            while_(cls.should_search)(
                cls.run_proposal,
                if_(cls.has_proposal)(cls.run_evaluation, cls.record_evaluation),
            ),
            cls.merge_rounds,
            cls.conclude_search,
            cls.results,
        )

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "property_search.yaml"

    @classmethod
    def get_protocol_inputs(cls, protocol: str | None = None, overrides: Any = None) -> dict[str, Any]:
        """Return the settings of a protocol with some of them overridden; descriptors are overridden as a whole.

        :raises ValueError: for a protocol or a setting that is not known.
        """
        given = dict(overrides or {})
        replaced = {name: given.pop(name) for name in ("descriptors",) if name in given}
        settings: dict[str, Any] = {**super().get_protocol_inputs(protocol, given), **replaced}
        refuse_unknown(settings, (*_NODES, "engine"))
        check_engine_settings(settings)
        return settings

    @classmethod
    def get_builder_from_protocol(
        cls,
        candidates: StructureSetData,
        objective: Mapping[str, Any],
        engine: ProcessBuilder,
        *,
        references: StructureSetData | None = None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param candidates: the database.
        :param objective: fields of `Objective`.
        :param engine: builder of an evaluation, as its own `get_builder_from_protocol` returns it.
        :param references: crystals of the elements, for `formation_energy_per_atom`.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :raises ValueError: for a protocol or an override that is not known.
        """
        settings = cls.get_protocol_inputs(protocol, overrides)
        builder: ProcessBuilder = cls.get_builder()
        builder.candidates = candidates
        builder.objective = orm.Dict(dict(objective))
        if references is not None:
            builder.references = references
        for name, node in cls.get_setting_nodes(settings).items():
            builder[name] = node
        builder.engine = engine_inputs(engine, settings["engine"])
        builder.pop("worker", None)
        return builder

    # What is known before the search

    def setup(self) -> None:
        """Begin with nothing proposed."""
        self.ctx.update({"n_rounds": 0, "n_observations": 0, "n_failed": 0, "best": None, "stop_reason": None})
        self.ctx.too_many_failed = False
        objective = Objective.from_dict(self.inputs.objective.get_dict())
        self.ctx.unit_of_best = objective.unit or UNITS.get(objective.property, "")

    def has_references(self) -> bool:
        """Compute the elements first where they are given."""
        return "references" in self.inputs

    def run_references(self) -> None:
        """Evaluate the crystals of the elements with the engine of the search."""
        self.fan_out(["references"], lambda _: evaluation(self.inputs.engine, self.inputs.references), max_concurrent=1)

    def inspect_references(self) -> ExitCode | None:
        """Keep the evaluated elements, or end."""
        child = self.children("references")["references"]
        evaluated = output_of(child, "evaluated")
        failed = None
        if evaluated is not None and evaluated.base.attributes.get("n_ok") < len(evaluated):
            columns = evaluated.structures.columns
            failed = next(str(reason) for reason in columns["reason"] if reason)
            evaluated = None
        if evaluated is None:
            reason = failed or reason_of(child)
            return self._exit("ERROR_REFERENCES_FAILED", engine=self.inputs.engine.workflow.value, reason=reason)
        self.ctx.references = evaluated
        return None

    def adopt_known(self) -> ExitCode | None:
        """Take over what is known of the database."""
        given = {"candidates": self.inputs.candidates, "objective": self.inputs.objective}
        outputs = self.call_once("adopt", adopt_evaluated, **given, **self._references())
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_INVALID_CANDIDATES", reason=outputs.message)
        self._remember(outputs["observations"])
        self.ctx.n_given = len(outputs["observations"].observations)
        self.report(f"{len(self.inputs.candidates)} candidates, of which {self.ctx.n_given} are known")
        return None

    def run_description(self) -> None:
        """Compute the descriptors of all candidates, here or as a job of the worker."""
        settings = {name: self.inputs[name] for name in ("descriptors", "strategy")}
        parameters = self.call_once("collect_parameters", collect_parameters, **settings)["parameters"]
        run_task(self, "describe", _DESCRIBE, {"structures": self.inputs.candidates}, parameters)

    def inspect_description(self) -> ExitCode | None:
        """Keep the descriptors, or end."""
        child = self.children("describe")["describe"]
        if not child.is_finished_ok:
            return self._exit("ERROR_DESCRIPTION_FAILED", pk=child.pk, reason=reason_of(child))
        self.ctx.features = output_of(child, "features")
        return None

    # The loop: propose, evaluate, record

    def should_search(self) -> bool:
        """Go on while something may still be proposed."""
        n_candidates = len(self.inputs.candidates)
        limit = n_candidates
        if "budget" in self.inputs:
            limit = min(n_candidates, self.inputs.budget.value + self.ctx.n_given)
        is_open = self.ctx.stop_reason is None and not self.ctx.too_many_failed
        return is_open and self.ctx.n_observations < limit

    def run_proposal(self) -> ExitCode | None:
        """Let the strategy choose the next compounds."""
        names = ["candidates", "objective", "strategy", "batch_size", "seed"]
        names += ["budget"] * ("budget" in self.inputs)
        outputs = self.call_once(
            f"propose_{self.ctx.n_rounds:04d}",
            propose_compounds,
            features=self.ctx.features,
            observations=self.ctx.observations,
            **{name: self.inputs[name] for name in names},
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_PROPOSAL_FAILED", reason=outputs.message)
        self.ctx.stop_reason = outputs["outlook"].get("stop_reason")
        self.ctx.promise = outputs["outlook"].get("promise")
        self.ctx.proposal = outputs["proposal"]
        return None

    def has_proposal(self) -> bool:
        """Go to the engine unless the strategy has nothing to propose any more."""
        return self.ctx.stop_reason is None

    def run_evaluation(self) -> None:
        """Evaluate the proposed compounds."""
        label = f"evaluation_{self.ctx.n_rounds:04d}"
        self.fan_out([label], lambda _: evaluation(self.inputs.engine, self.ctx.proposal), max_concurrent=1)

    def record_evaluation(self) -> ExitCode | None:
        """Add the values of the round to the observations."""
        label = f"evaluation_{self.ctx.n_rounds:04d}"
        # Without a result the proposal itself is recorded: its rows count as failed.
        evaluated = output_of(self.children(label)[label], "evaluated") or self.ctx.proposal
        outputs = self.call_once(
            f"record_{self.ctx.n_rounds:04d}",
            record_property,
            evaluated=evaluated,
            observations=self.ctx.observations,
            objective=self.inputs.objective,
            **self._references(),
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_NO_PROPERTY", reason=outputs.message)
        self.ctx[f"evaluated_{self.ctx.n_rounds}"] = outputs["evaluated"]
        self.ctx.n_rounds += 1
        self._remember(outputs["observations"])
        n_evaluated = self.ctx.n_observations - self.ctx.n_given
        share = self.ctx.n_failed / max(n_evaluated, LEAST_OBSERVATIONS)
        self.ctx.too_many_failed = share > self.inputs.max_failed_fraction.value
        self.report(self._progress(n_evaluated))
        return None

    # What was found

    def merge_rounds(self) -> ExitCode | None:
        """Join all evaluated rounds into one set."""
        self.out("observations", self.ctx.observations)
        self.out("features", self.ctx.features)
        if "references" in self.ctx:
            self.out("reference_energies", self.ctx.references)
        if self.ctx.best is None:
            return self._exit("ERROR_NOTHING_FOUND", n_evaluated=self.ctx.n_observations)
        sets = [self.ctx[f"evaluated_{number}"] for number in range(self.ctx.n_rounds)]
        if sets:
            self.ctx.evaluated = merge_in_levels(sets, self._merge)
        return None

    def conclude_search(self) -> None:
        """Find the best compound, and what the model believes of the others."""
        engine = self.inputs.engine
        evaluated = {"evaluated": self.ctx.evaluated} if "evaluated" in self.ctx else {}
        self.ctx.conclusion = self.call_once(
            "conclude",
            conclude_property_search,
            features=self.ctx.features,
            observations=self.ctx.observations,
            **{name: self.inputs[name] for name in ("candidates", "objective", "strategy", "seed")},
            engine=engine.workflow,
            level_of_theory=engine.level_of_theory,
            **evaluated,
        )

    def results(self) -> ExitCode | None:
        """Attach the outputs and say what is to be said against them."""
        if "evaluated" in self.ctx:
            self.out("evaluated", self.ctx.evaluated)
        for name, node in self.ctx.conclusion.items():
            self.out(name, node)
        summary = self.ctx.conclusion["summary"]
        if self.ctx.too_many_failed:
            counts = {"n_failed": summary["n_failed"], "n_evaluated": summary["n_evaluated"]}
            return self._exit("ERROR_TOO_MANY_FAILED", **counts)
        if not summary["converged"]:
            return self._exit("WARNING_NOT_RELAXED")
        best = f"{summary['best_value']:.6g} {summary['unit']}".rstrip()
        self.report(f"best: {summary['best_formula']}, {best}, after {summary['n_evaluated']} evaluations")
        return None

    # What the steps share

    def _references(self) -> dict[str, StructureSetData]:
        """Return the evaluated elements by name, if there are any."""
        return {"references": self.ctx.references} if "references" in self.ctx else {}

    def _remember(self, observations: PropertyObservationsData) -> None:
        """Keep the latest observations and their counts in the context."""
        self.ctx.observations = observations
        seen = observations.observations
        self.ctx.n_observations, self.ctx.n_failed = len(seen), int(seen.failed.sum())
        objective = Objective.from_dict(self.inputs.objective.get_dict())
        best = objective.best_row(seen.values)
        self.ctx.best = None if best is None else float(seen.values[best])

    def _merge(self, label: str, sets: Mapping[str, StructureSetData]) -> StructureSetData:
        """Return some recorded sets as one."""
        merged: StructureSetData = self.call_once(label, merge_structure_sets, **sets)["merged"]
        return merged

    def _progress(self, n_evaluated: int) -> str:
        """Return the line that the process report shows for a round."""
        unit = self.ctx.unit_of_best
        best = "nothing yet" if self.ctx.best is None else f"{self.ctx.best:.6g} {unit}".rstrip()
        limit = self.inputs.budget.value if "budget" in self.inputs else "all"
        failed = f", {self.ctx.n_failed} failed" if self.ctx.n_failed else ""
        scale = "decades" if self.inputs.objective.get_dict().get("scale") == "log10" else unit
        outlook = "" if self.ctx.promise is None else f", {self.ctx.promise:.3g} {scale} to be gained".rstrip()
        return f"round {self.ctx.n_rounds}: best {best}, {n_evaluated} of {limit} evaluated{failed}{outlook}"
