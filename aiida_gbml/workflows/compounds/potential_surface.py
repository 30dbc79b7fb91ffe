"""The search of a potential-energy surface for the stable site and the lowest bottleneck of a mobile atom."""

from __future__ import annotations

from collections.abc import Mapping

from aiida.engine import ExitCode, ProcessSpec, if_, while_

from aiida_gbml.calculations.analyse_potential_surface import analyse_potential_surface
from aiida_gbml.calculations.collect_parameters import collect_parameters
from aiida_gbml.calculations.enumerate_sites import enumerate_sites
from aiida_gbml.calculations.merge_structure_sets import merge_structure_sets
from aiida_gbml.calculations.place_mobile_atom import place_mobile_atom
from aiida_gbml.calculations.propose_sites import propose_sites
from aiida_gbml.calculations.record_site_energies import record_site_energies
from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.compounds import potential_surface_ports as ports
from aiida_gbml.workflows.compounds.potential_surface_protocol import PotentialSurfaceProtocol
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.evaluation.engine import evaluation
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.levels import merge_in_levels
from aiida_gbml.workflows.worker import Task, output_of, run_task

LEAST_OBSERVATIONS = 10
"""Observations before the share of failures is judged: the initial design of a search."""

_PROPOSE = Task(
    propose_sites, "compounds.potential_surface.propose", {"proposal": "gbml.structures", "outlook": "core.dict"}
)
_ANALYSE = Task(
    analyse_potential_surface,
    "compounds.potential_surface.analyse",
    {"summary": "core.dict", "surface": "core.array"},
)


class PotentialSurfaceWorkChain(PotentialSurfaceProtocol, FanOut):
    """Find stable sites and the lowest path of a mobile atom in a host with few evaluations.

    The points of a grid, one for each orbit of the space group, are the candidates. Round after round a strategy
    proposes some, the engine evaluates the host with the atom there, and the energies are recorded, until the barrier
    is certain. A failed evaluation is a point that the atom does not visit.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        ports.define_exit_codes(spec)
        spec.outline(
            cls.setup,
            cls.run_enumeration,
            while_(cls.should_search)(
                cls.run_proposal,
                cls.inspect_proposal,
                if_(cls.has_round)(cls.run_evaluation, cls.record_evaluation),
            ),
            cls.run_merge,
            cls.run_analysis,
            cls.inspect_analysis,
            cls.results,
        )

    def setup(self) -> None:
        """Begin with nothing proposed and nothing recorded."""
        counts = {"n_rounds": 0, "n_observations": 0, "n_failed": 0}
        self.ctx.update({**counts, "stop_reason": None, "too_many_failed": False, "outlook": {}, "evaluated_sets": []})

    def run_enumeration(self) -> ExitCode | None:
        """List the points, one for each orbit of the space group, and put together what every proposal is told."""
        given = {name: self.inputs[name] for name in ("structure", "mobile", "grid")}
        outputs = self.call_once("enumerate", enumerate_sites, **given)
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_INVALID_HOST", reason=outputs.message)
        self.ctx.host, self.ctx.sites = outputs["host"], outputs["sites"]
        numbers = self.ctx.sites.base.attributes.all
        self.report(f"{numbers['n_points']} points, {numbers['n_grid']} of the grid before symmetry and distances")
        names = ["mobile", "strategy", "batch_size", "seed"] + ["budget"] * ("budget" in self.inputs)
        settings = {name: self.inputs[name] for name in names}
        outputs = self.call_once("collect_parameters", collect_parameters, supercell=self.inputs.supercell, **settings)
        self.ctx.parameters = outputs["parameters"]
        return None

    # The loop: propose, evaluate, record

    def should_search(self) -> bool:
        """Go on while the strategy, the budget and the failures leave room for another round."""
        n_points = len(self.ctx.sites)
        limit = min(self.inputs.budget.value, n_points) if "budget" in self.inputs else n_points
        is_open = self.ctx.stop_reason is None and not self.ctx.too_many_failed
        return is_open and self.ctx.n_observations < limit

    def run_proposal(self) -> None:
        """Let the strategy choose and build the next structures, here or as a job of the worker."""
        given = {"host": self.ctx.host, "sites": self.ctx.sites, **self._known()}
        run_task(self, f"propose_{self.ctx.n_rounds:04d}", _PROPOSE, given, self.ctx.parameters)

    def inspect_proposal(self) -> ExitCode | None:
        """Keep the round that was proposed, or remember that the search is over."""
        label = f"propose_{self.ctx.n_rounds:04d}"
        node = self.children(label)[label]
        if not node.is_finished_ok:
            return self._exit("ERROR_PROPOSAL_FAILED", pk=node.pk, reason=reason_of(node))
        self.ctx.outlook = output_of(node, "outlook").get_dict()
        self.ctx.stop_reason = self.ctx.outlook.get("stop_reason")
        self.ctx.proposal = output_of(node, "proposal")
        return None

    def has_round(self) -> bool:
        """Go to the engine unless the search is over."""
        return self.ctx.stop_reason is None

    def run_evaluation(self) -> None:
        """Launch the evaluation of the round."""
        self.fan_out([f"evaluation_{self.ctx.n_rounds:04d}"], self._build_evaluation, max_concurrent=1)

    def record_evaluation(self) -> None:
        """Add the energies of the round to those that are known."""
        number = self.ctx.n_rounds
        label = f"evaluation_{number:04d}"
        # Without a result the proposal itself is recorded: its rows count as failed.
        evaluated = output_of(self.children(label)[label], "evaluated") or self.ctx.proposal
        outputs = self.call_once(f"record_{number:04d}", record_site_energies, evaluated=evaluated, **self._known())
        self.ctx.observations = outputs["observations"]
        numbers = self.ctx.observations.base.attributes.all
        self.ctx.n_observations, self.ctx.n_failed = numbers["n_observations"], numbers["n_failed"]
        self.ctx.evaluated_sets = [*self.ctx.evaluated_sets, outputs["evaluated"]]
        self.ctx.n_rounds = number + 1
        failed_share = self.ctx.n_failed / max(self.ctx.n_observations, LEAST_OBSERVATIONS)
        self.ctx.too_many_failed = failed_share > self.inputs.max_failed_fraction.value
        self.report(self._progress())

    # What was found

    def run_merge(self) -> ExitCode | None:
        """Join all evaluated rounds into one set, in levels, so that no process has too many inputs."""
        self.out("sites", self.ctx.sites)
        self.out_many(self._known())
        if self.ctx.n_failed == self.ctx.n_observations:
            return self._exit("ERROR_NOTHING_FOUND", n_evaluated=self.ctx.n_observations)
        self.out("evaluated", merge_in_levels(self.ctx.evaluated_sets, self._merge))
        return None

    def run_analysis(self) -> None:
        """Find sites, path and barrier, here or as a job of the worker; what was not evaluated is predicted."""
        engine = self.inputs.engine
        told = {"engine": engine.workflow, "level_of_theory": engine.level_of_theory}
        told |= {name: self.inputs[name] for name in ("mobile", "strategy", "seed", "temperature", "attempt_frequency")}
        parameters = self.call_once("collect_analysis", collect_parameters, **told)["parameters"]
        given = {name: self.ctx[name] for name in ("host", "sites", "observations")}
        run_task(self, "analyse", _ANALYSE, given, parameters)

    def inspect_analysis(self) -> ExitCode | None:
        """Attach what was found, and the structures that it names."""
        node = self.children("analyse")["analyse"]
        if not node.is_finished_ok:
            return self._exit("ERROR_ANALYSIS_FAILED", pk=node.pk, reason=reason_of(node))
        found = {name: output_of(node, name) for name in _ANALYSE.output_types}
        given = {name: self.ctx[name] for name in ("host", "sites", "parameters")}
        self.out_many(found)
        self.out_many(self.call_once("place", place_mobile_atom, **given, summary=found["summary"]))
        self.ctx.summary = found["summary"]
        return None

    def results(self) -> ExitCode | None:
        """Say what is to be said against the outputs."""
        n_evaluated = self.ctx.n_observations
        if self.ctx.too_many_failed:
            return self._exit("ERROR_TOO_MANY_FAILED", n_failed=self.ctx.n_failed, n_evaluated=n_evaluated)
        summary = self.ctx.summary
        if summary["barrier"] is None:
            return self._exit("WARNING_NO_PATH")
        if self.ctx.stop_reason is None and n_evaluated < len(self.ctx.sites):
            return self._exit("WARNING_NOT_SETTLED", n_evaluated=n_evaluated)
        self.report(f"barrier {summary['barrier']:.4f} eV after {n_evaluated} of {len(self.ctx.sites)} points")
        return None

    # What the steps share

    def _known(self) -> dict[str, SiteEnergiesData]:
        """Return the latest energies by name, if there are any yet."""
        return {"observations": self.ctx.observations} if "observations" in self.ctx else {}

    def _build_evaluation(self, _: str) -> Launch:
        """Return the engine's work chain and its inputs for the round."""
        return evaluation(self.inputs.engine, self.ctx.proposal)

    def _merge(self, label: str, sets: Mapping[str, StructureSetData]) -> StructureSetData:
        """Return some evaluated sets as one."""
        merged: StructureSetData = self.call_once(label, merge_structure_sets, **sets)["merged"]
        return merged

    def _progress(self) -> str:
        """Return the line that the process report shows for a round."""
        outlook = self.ctx.outlook
        failed = f", {self.ctx.n_failed} failed" if self.ctx.n_failed else ""
        barrier = f"; before it the barrier was {outlook['barrier']:.4f} eV" if "barrier" in outlook else ""
        agreement = (
            f", and so in {100 * outlook['agreement']:.0f} % of the drawn surfaces"
            if barrier and "agreement" in outlook
            else ""
        )
        done = f"{self.ctx.n_observations} of {len(self.ctx.sites)} evaluated{failed}"
        return f"round {self.ctx.n_rounds}: {done}{barrier}{agreement}"
