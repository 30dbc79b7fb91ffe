"""The search for the most stable structure of a grain boundary."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aiida import orm
from aiida.engine import ExitCode, ProcessSpec, if_, while_

from aiida_gbml.calculations.adopt_observations import adopt_observations
from aiida_gbml.calculations.analyse_search import analyse_search
from aiida_gbml.calculations.collect_parameters import collect_parameters
from aiida_gbml.calculations.enumerate_candidates import enumerate_candidates
from aiida_gbml.calculations.merge_structure_sets import merge_structure_sets
from aiida_gbml.calculations.propose_candidates import propose_candidates
from aiida_gbml.calculations.record_observations import record_observations
from aiida_gbml.calculations.select_basins import select_basins
from aiida_gbml.calculations.standardise_bulk import standardise_bulk
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import OK
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.evaluation.engine import evaluation
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.interfaces import exit_codes, ports
from aiida_gbml.workflows.interfaces.protocol import SearchProtocol
from aiida_gbml.workflows.levels import merge_in_levels
from aiida_gbml.workflows.worker import Task, output_of, run_task

LEAST_OBSERVATIONS = 6
"""Observations before the share of failures is judged: about the initial design of a search."""

_PROPOSE = Task(propose_candidates, "interfaces.propose", {"proposal": "gbml.structures", "outlook": "core.dict"})


class GrainBoundarySearchWorkChain(SearchProtocol, FanOut):
    """Find the most stable structure of a grain boundary with few relaxations.

    The perfect crystal is computed first, by the engine and settings that compute its boundaries. Then, round after
    round, a strategy proposes candidates (rigid-body translation, gap, termination, atoms removed), the engine relaxes
    them, and their excess energies are recorded. With a second engine the most stable distinct basins of the first are
    verified at the end.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        exit_codes.define(spec)
        spec.outline(
            cls.setup,
            cls.run_bulk,
            cls.inspect_bulk,
            cls.run_enumeration,
            while_(cls.should_search)(
                while_(cls.should_propose)(cls.run_proposal, cls.inspect_proposal),
                if_(cls.has_rounds)(cls.run_evaluations, cls.record_evaluations),
            ),
            cls.run_merge,
            if_(cls.should_verify)(
                cls.run_verification_bulk,
                cls.inspect_verification_bulk,
                if_(cls.has_verification_bulk)(cls.run_selection, cls.run_verification, cls.inspect_verification),
            ),
            cls.run_analysis,
            cls.results,
        )

    # The perfect crystal

    def setup(self) -> None:
        """Begin with nothing proposed and nothing recorded."""
        counts = {"n_proposed": 0, "n_pending": 0, "n_observations": 0, "n_failed": 0, "n_machine_faults": 0}
        self.ctx.update({**counts, "recorded": [], "best": None, "stop_reason": None, "not_verified": None})
        self.ctx.too_many_failed = False

    def run_bulk(self) -> ExitCode | None:
        """Relax the perfect crystal with the engine of the search."""
        outputs = self.call_once("standardise_bulk", standardise_bulk, structure=self.inputs.structure)
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_INVALID_BULK", reason=outputs.message)
        self.ctx.bulk = outputs["bulk"]
        self._launch_bulk("bulk", "engine")
        return None

    def inspect_bulk(self) -> ExitCode | None:
        """Keep the evaluated crystal, or end."""
        self.ctx.reference, reason = self._evaluated_bulk("bulk")
        if self.ctx.reference is None:
            engine = self.inputs.engine.workflow.value
            return self._exit("ERROR_BULK_FAILED", engine=engine, reason=reason)
        return None

    def run_enumeration(self) -> ExitCode | None:
        """List the candidates, one for each orbit of the symmetry, and adopt what earlier searches know of them."""
        outputs = self.call_once(
            "enumerate",
            enumerate_candidates,
            reference=self.ctx.reference,
            boundary=self.inputs.boundary,
            space=self.inputs.space,
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_INVALID_SPACE", reason=outputs.message)
        self.ctx.candidates = outputs["candidates"]
        numbers = self.ctx.candidates.base.attributes.all
        self.report(f"{numbers['n_candidates']} candidates, {numbers['n_before']} before the reduction by symmetry")
        if "earlier" in self.inputs:
            earlier = self.call_once("adopt", adopt_observations, candidates=self.ctx.candidates, **self.inputs.earlier)
            self.ctx.adopted = earlier["adopted"]
            self._remember(earlier["observations"])
            self.report(f"{self.ctx.n_observations} evaluations adopted from earlier searches")
        return None

    # The loop: propose, evaluate, record

    def should_search(self) -> bool:
        """Go on while something is being evaluated or may still be proposed."""
        return bool(self._in_flight()) or self._may_propose()

    def should_propose(self) -> bool:
        """Propose while there is a free slot: one round at a time, or several when the search is asynchronous."""
        slots = self.inputs.max_concurrent.value if self.inputs.asynchronous.value else 1
        return self._may_propose() and len(self._in_flight()) < slots

    def run_proposal(self) -> None:
        """Let the strategy choose and build the next candidates, here or as a job of the worker."""
        label = f"propose_{self.ctx.n_proposed:04d}"
        pending = {f"{other:04d}": self.ctx[f"proposal_{other}"] for other in self._in_flight()}
        archives = {
            "candidates": self.ctx.candidates,
            "reference": self.ctx.reference,
            **self._known(),
            **_prefixed("pending_", pending),
            **_prefixed("template_", self.inputs.get("templates", {})),
        }
        names = ["boundary", "space", "strategy", "batch_size", "seed"] + ["budget"] * ("budget" in self.inputs)
        settings = {name: self.inputs[name] for name in names}
        parameters = self.call_once("collect_parameters", collect_parameters, **settings)["parameters"]
        run_task(self, label, _PROPOSE, archives, parameters, max_concurrent=len(pending) + 1)

    def inspect_proposal(self) -> ExitCode | None:
        """Keep the round that was proposed, or remember that the search is over."""
        label = f"propose_{self.ctx.n_proposed:04d}"
        node = self.children(label)[label]
        if not node.is_terminated:
            return None  # a round came back before the worker did; the proposal is waited for again
        if not node.is_finished_ok:
            return self._exit("ERROR_PROPOSAL_FAILED", pk=node.pk, reason=reason_of(node))
        outlook = output_of(node, "outlook") or {}
        self.ctx.expected_regret = outlook.get("expected_regret")
        self.ctx.stop_reason = outlook.get("stop_reason")
        if self.ctx.stop_reason is None:
            proposal = output_of(node, "proposal")
            self.ctx[f"proposal_{self.ctx.n_proposed}"] = proposal
            self.ctx.n_proposed += 1
            self.ctx.n_pending += len(proposal)
        return None

    def has_rounds(self) -> bool:
        """Go to the engine unless the strategy has nothing to propose any more."""
        return bool(self._in_flight())

    def run_evaluations(self) -> None:
        """Launch the proposed rounds and wait until one of them is back."""
        labels = [_evaluation_label(number) for number in self._in_flight()]
        if len(self.unfinished(labels)) == len(labels):  # else one came back during a proposal: it is recorded first
            self.fan_out(labels, self._build_evaluation, max_concurrent=self.inputs.max_concurrent.value)

    def record_evaluations(self) -> None:
        """Add the energies of the rounds that are back to the observations, in the order of their proposals."""
        rounds = self._in_flight()
        waiting = set(self.unfinished([_evaluation_label(number) for number in rounds]))
        back = {f"record_{number:04d}": number for number in rounds if _evaluation_label(number) not in waiting}
        # A step that died has recorded some, each on top of the one before: these come first, whatever came back since.
        earlier = self.children(labels=[*back]) if len(back) > 1 else {}
        done = {label: child.pk or 0 for label, child in earlier.items() if child.is_finished}
        for label in sorted(back, key=lambda label: done.get(label, math.inf)):
            number = back[label]
            outputs = self.call_once(
                label,
                record_observations,
                reference=self.ctx.reference,
                space=self.inputs.space,
                evaluated=self._evaluated(number),
                **self._known(),
            )
            self.ctx.recorded.append(number)
            self.ctx.n_pending -= len(self.ctx[f"proposal_{number}"])
            self.ctx[f"evaluated_{number}"] = outputs["evaluated"]
            self._remember(outputs["observations"])
            self.report(self._progress(number))
        failed_share = self.ctx.n_failed / max(self.ctx.n_observations, LEAST_OBSERVATIONS)
        self.ctx.too_many_failed = failed_share > self.inputs.max_failed_fraction.value

    # What was found

    def run_merge(self) -> ExitCode | None:
        """Join all evaluated rounds into one set, in levels, so that no process has too many inputs."""
        if self.ctx.best is None:
            self.out_many(self._known())
            return self._exit("ERROR_NOTHING_FOUND", n_evaluated=self.ctx.n_observations)
        sets = [self.ctx.adopted] if "adopted" in self.ctx else []
        sets += [self.ctx[f"evaluated_{number}"] for number in self.ctx.recorded]
        self.ctx.evaluated = merge_in_levels(sets, self._merge)
        return None

    def should_verify(self) -> bool:
        """Verify when a second engine is given and the first has found something."""
        return "verification" in self.inputs and not self.ctx.too_many_failed

    def run_verification_bulk(self) -> None:
        """Relax the perfect crystal with the second engine."""
        self._launch_bulk("verification_bulk", "verification")

    def inspect_verification_bulk(self) -> None:
        """Keep the crystal as the second engine sees it; without it there is no verification."""
        self.ctx.verification_reference, self.ctx.not_verified = self._evaluated_bulk("verification_bulk")

    def has_verification_bulk(self) -> bool:
        """Go on with the verification when the second engine can compute the crystal."""
        return self.ctx.verification_reference is not None

    def run_selection(self) -> None:
        """Choose the most stable distinct basins and strain them to the lattice of the second engine."""
        outputs = self.call_once(
            "select_basins",
            select_basins,
            evaluated=self.ctx.evaluated,
            reference=self.ctx.reference,
            verification_reference=self.ctx.verification_reference,
            n_basins=self.inputs.verification.n_basins,
        )
        self.ctx.basins = outputs["basins"]
        self.report(f"{len(self.ctx.basins)} distinct basins go to the second engine")

    def run_verification(self) -> None:
        """Relax the basins with the second engine."""
        self.fan_out(["verification"], lambda _: self._evaluation("verification", self.ctx.basins), max_concurrent=1)

    def inspect_verification(self) -> None:
        """Keep the verified basins, if any succeeded."""
        child = self.children("verification")["verification"]
        evaluated = output_of(child, "evaluated")
        if evaluated is None or not evaluated.base.attributes.get("n_ok"):
            self.ctx.not_verified = "every basin failed" if child.is_finished_ok else reason_of(child)
            return
        given = {"reference": self.ctx.verification_reference, "space": self.inputs.space}
        outputs = self.call_once("record_verification", record_observations, evaluated=evaluated, **given)
        recorded = outputs["evaluated"]
        if not recorded.base.attributes.get("n_ok"):
            self.ctx.not_verified = str(recorded.structures.columns["reason"][0])
            return
        self.ctx.verified = recorded

    def run_analysis(self) -> None:
        """Find the best structure, fit the final model and draw the energy over all translations."""
        decisive = self.inputs.verification if self._is_verified() else self.inputs.engine
        made = ["candidates", "reference", "observations", "evaluated"]
        made += ["verified", "verification_reference"] if self._is_verified() else []
        self.ctx.analysis = self.call_once(
            "analyse",
            analyse_search,
            **{name: self.ctx[name] for name in made},
            **{name: self.inputs[name] for name in ("boundary", "space", "strategy", "seed")},
            engine=decisive.workflow,
            level_of_theory=decisive.level_of_theory,
        )

    def results(self) -> ExitCode | None:
        """Attach the outputs and say what is to be said against them."""
        for name in ["observations", "candidates", "reference", "evaluated"] + ["verified"] * self._is_verified():
            self.out(name, self.ctx[name])
        for name, node in self.ctx.analysis.items():
            self.out(name, node)
        if self.ctx.too_many_failed:
            counts = {"n_failed": self.ctx.n_failed, "n_machine_faults": self.ctx.n_machine_faults}
            return self._exit("ERROR_TOO_MANY_FAILED", **counts, n_evaluated=self.ctx.n_observations)
        if self.ctx.not_verified:
            return self._exit("WARNING_NOT_VERIFIED", reason=self.ctx.not_verified)
        summary = self.ctx.analysis["interface"]
        if summary["gb_energy"] < 0:
            return self._exit("WARNING_BELOW_BULK", energy=f"{summary['gb_energy']:.3f}")
        if not summary.get("converged", True):
            return self._exit("WARNING_NOT_RELAXED")
        self.report(f"most stable: {summary['gb_energy']:.4f} J/m² after {summary['n_evaluated']} evaluations")
        if self.ctx.n_machine_faults:
            self.report(
                f"{self.ctx.n_machine_faults} candidates were not computed, because the machine failed: a search that "
                f"extends this one (`--extend {self.node.pk}`) tries them again"
            )
        return None

    # What the steps share

    def _in_flight(self) -> list[int]:
        """Return the rounds that are proposed and not recorded yet."""
        return [number for number in range(self.ctx.n_proposed) if number not in self.ctx.recorded]

    def _may_propose(self) -> bool:
        """Return whether the strategy, the budget and the failures leave room for another round."""
        n_candidates = len(self.ctx.candidates)
        limit = min(self.inputs.budget.value, n_candidates) if "budget" in self.inputs else n_candidates
        is_open = self.ctx.stop_reason is None and not self.ctx.too_many_failed
        return is_open and self.ctx.n_observations + self.ctx.n_pending < limit

    def _is_verified(self) -> bool:
        return "verified" in self.ctx

    def _known(self) -> dict[str, ObservationsData]:
        """Return the latest observations by name, if there are any yet."""
        return {"observations": self.ctx.observations} if "observations" in self.ctx else {}

    def _build_evaluation(self, label: str) -> Launch:
        """Return the engine's work chain and its inputs for one round."""
        return self._evaluation("engine", self.ctx[f"proposal_{int(label.rpartition('_')[2])}"])

    def _evaluation(self, engine: str, structures: StructureSetData, **changes: orm.Data) -> Launch:
        """Return the work chain of an engine and its inputs for some structures."""
        return evaluation(self.inputs[engine], structures, **changes)

    def _launch_bulk(self, label: str, engine: str) -> None:
        """Launch the evaluation of the perfect crystal with one of the engines."""
        changes = {"mode": self.inputs.bulk.mode, "constraints": self.inputs.bulk.constraints}
        self.fan_out([label], lambda _: self._evaluation(engine, self.ctx.bulk, **changes), max_concurrent=1)

    def _evaluated_bulk(self, label: str) -> tuple[StructureSetData | None, str | None]:
        """Return an evaluated crystal, or why there is none."""
        child = self.children(label)[label]
        evaluated = output_of(child, "evaluated")
        if evaluated is None:
            return None, reason_of(child)
        columns = evaluated.structures.columns
        if not columns.get("converged", [True])[0]:
            return None, "its relaxation ran out of steps, allow more of them"
        return (evaluated, None) if columns["status"][0] == OK else (None, str(columns["reason"][0]))

    def _evaluated(self, number: int) -> StructureSetData:
        """Return the evaluated set of a round; without one the proposal itself, whose rows count as failed."""
        label = _evaluation_label(number)
        evaluated: StructureSetData | None = output_of(self.children(label)[label], "evaluated")
        proposal: StructureSetData = self.ctx[f"proposal_{number}"]
        return proposal if evaluated is None else evaluated

    def _remember(self, observations: ObservationsData) -> None:
        """Keep the latest observations and their counts in the context."""
        numbers = observations.base.attributes.all
        self.ctx.observations = observations
        self.ctx.n_observations = numbers["n_observations"]
        self.ctx.n_failed = numbers["n_failed"]
        self.ctx.n_machine_faults = numbers["n_machine_faults"]
        self.ctx.best = numbers.get("best")

    def _merge(self, label: str, sets: Mapping[str, StructureSetData]) -> StructureSetData:
        """Return some recorded sets as one."""
        merged: StructureSetData = self.call_once(label, merge_structure_sets, **sets)["merged"]
        return merged

    def _progress(self, number: int) -> str:
        """Return the line that the process report shows for a round."""
        best = "nothing yet" if self.ctx.best is None else f"{self.ctx.best:.4f} J/m²"
        limit = self.inputs.budget.value if "budget" in self.inputs else "all"
        failed = f", {self.ctx.n_failed} failed" if self.ctx.n_failed else ""
        failed += f" ({self.ctx.n_machine_faults} through the machine)" if self.ctx.n_machine_faults else ""
        regret = self.ctx.expected_regret
        outlook = "" if regret is None else f", expected regret {1e3 * regret:.3f} mJ/m²"
        return f"round {number + 1}: best {best}, {self.ctx.n_observations} of {limit} evaluated{failed}{outlook}"


def _evaluation_label(number: int) -> str:
    """Return the call-link label of the evaluation of one round."""
    return f"evaluation_{number:04d}"


def _prefixed(prefix: str, nodes: Mapping[str, orm.Data]) -> dict[str, orm.Data]:
    """Return nodes under names that begin with a prefix."""
    return {f"{prefix}{name}": node for name, node in nodes.items()}
