"""The compositions that are most likely to exist, of all that could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from aiida import orm
from aiida.engine import ExitCode, ProcessSpec, if_, while_

from aiida_gbml.calculations.merge_rankings import merge_rankings
from aiida_gbml.calculations.merge_some_rankings import merge_some_rankings
from aiida_gbml.calculations.plan_recommendation import plan_recommendation
from aiida_gbml.calculations.plan_shards import SHARDS_A_PLAN, plan_shards, shard_label
from aiida_gbml.calculations.summarise_ranking import summarise_ranking
from aiida_gbml.calculations.worker import WorkerCalculation
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.workflows.compounds import recommendation_ports as ports
from aiida_gbml.workflows.compounds.recommendation_protocol import RecommendationProtocol
from aiida_gbml.workflows.compounds.recommender_evaluation import RecommenderEvaluationWorkChain
from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.levels import MERGE_LIMIT, merge_in_levels
from aiida_gbml.workflows.worker import worker_job

_FIT = {"model": "gbml.model", "report": "core.dict"}
_SHARD = {"ranking": "gbml.ranking"}
_REFUSED = WorkerCalculation.exit_codes.ERROR_INPUT_REFUSED.status


class RecommendationWorkChain(RecommendationProtocol, FanOut):
    """Rank all neutral compositions that nobody has reported by how likely they are to exist.

    A recommender learns from the known compositions, and scores every candidate; the candidates are divided among jobs
    that need nothing of each other, and the best of all are the same for any division. In a space too large for the
    recommender a quick one scores all, and the recommender ranks the best of these. Beside, the recommender is judged
    by compositions that it has not seen, and the best candidates are computed.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        ports.define_exit_codes(spec)
        spec.outline(
            cls.prepare_parameters,
            while_(cls.should_fit)(cls.run_fits),
            cls.inspect_fits,
            while_(cls.should_score)(cls.run_shards),
            cls.inspect_shards,
            cls.run_merge,
            if_(cls.has_shortlist)(cls.run_rescoring, cls.inspect_rescoring),
            cls.run_summary,
            if_(cls.should_evaluate)(cls.run_evaluation, cls.inspect_evaluation),
            if_(cls.should_verify)(cls.run_verification, cls.inspect_verification),
            cls.results,
        )

    # The model

    def prepare_parameters(self) -> ExitCode | None:
        """Complete the space of candidates, and begin with no caveat."""
        self.ctx.update({"not_evaluated": None, "not_verified": None})
        names = ("space", "ions", "model", "shortlist", "top_k", "n_shards")
        given = {name: self.inputs[name] for name in names if name in self.inputs}
        outputs = self.call_once("plan", plan_recommendation, **given)
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_NO_CANDIDATE", reason=outputs.message)
        self.ctx.plan = outputs
        return None

    def should_fit(self) -> bool:
        """Go on until the model, and the quick one of a shortlist, are fitted."""
        return bool(self.unfinished(self._fits()))

    def run_fits(self) -> None:
        """Fit the recommenders."""
        self.fan_out(self._fits(), self._build_fit, self.inputs.max_concurrent.value)

    def inspect_fits(self) -> ExitCode | None:
        """Keep the fitted models, or end."""
        for label in self._fits():
            child = self.children(label)[label]
            if not child.is_finished_ok:
                return self._exit("ERROR_FIT_FAILED", pk=child.pk, reason=reason_of(child))
            self.ctx[label] = child.outputs.results.model
        self.out("model", self.ctx.fit)
        return None

    def _fits(self) -> list[str]:
        return ["fit", "shortlist_fit"] if self.has_shortlist() else ["fit"]

    def _build_fit(self, label: str) -> Launch:
        archives = {"known": self.inputs.known}
        return worker_job(self.inputs.worker, "compounds.fit_recommender", archives, self.ctx.plan[label], _FIT)

    # The candidates

    def should_score(self) -> bool:
        """Go on until every shard is scored, or has failed twice."""
        return bool(self.unfinished(self._shards()))

    def run_shards(self) -> None:
        """Launch as many shards as may run at a time, and wait until one of them is done."""
        labels = self._shards()
        n_done = len(labels) - len(self.unfinished(labels))
        self.ctx.progress = [n_done, len(labels)]
        self.fan_out(labels, self._build_shard, self.inputs.max_concurrent.value)

    def inspect_shards(self) -> ExitCode | None:
        """End when a shard was scored neither at first nor when it was tried again."""
        labels = self._shards()
        self.ctx.progress = [len(labels), len(labels)]
        lost = [label for label, child in self._latest_shards().items() if not child.is_finished_ok]
        if not lost:
            return None
        reason = reason_of(self._latest_shards()[lost[0]])
        counts = {"n_failed": len(lost), "n_shards": self.inputs.n_shards.value}
        return self._exit("ERROR_SCORING_FAILED", reason=reason, **counts)

    def run_merge(self) -> ExitCode | None:
        """Take the best of all shards, in levels, so that no process has too many inputs."""
        rankings = [child.outputs.results.ranking for child in self._latest_shards().values()]
        merged = self._merged(rankings)
        if isinstance(merged, ExitCode):
            return self._exit("ERROR_SHARD_MISMATCH", reason=merged.message)
        self.ctx.ranking = merged
        return None

    def _shards(self) -> list[str]:
        """Return the labels of all shards, and those of the second tries of what crashed or was killed."""
        labels = [shard_label(number) for number in range(self.inputs.n_shards.value)]
        rows = self._query_calls([orm.CalcJobNode], ["attributes.exit_status", "attributes.process_state"], "shard_")
        fatal = {
            label
            for status, state, label in rows
            if state in ("excepted", "killed") or status not in (None, 0, _REFUSED)
        }
        return labels + [f"{label}_again" for label in labels if label in fatal]

    def _latest_shards(self) -> dict[str, orm.ProcessNode]:
        """Return the last try of each shard, by the label of its first."""
        children = self.children("shard_")
        firsts = [label for label in children if not label.endswith("_again")]
        return {label: children.get(f"{label}_again", children[label]) for label in firsts}

    def _build_shard(self, label: str) -> Launch:
        """Return the job for one shard, at its first or second try."""
        name = label.removesuffix("_again")
        part = f"{int(name.removeprefix('shard_')) // SHARDS_A_PLAN:02d}"
        planned = self.call_once(f"plan_shards_{part}", plan_shards, scoring=self.ctx.plan[f"scoring_{part}"])
        archives = {"model": self.ctx.shortlist_fit if self.has_shortlist() else self.ctx.fit, **self._left_out()}
        return worker_job(self.inputs.worker, "compounds.score_shard", archives, planned[name], _SHARD)

    def _merged(self, rankings: Sequence[RankingData]) -> RankingData | ExitCode:
        """Return several rankings as one, or why they do not belong together."""
        failed: list[ExitCode] = []
        last = "merge_0" if len(rankings) <= MERGE_LIMIT else "merge_1"  # two levels hold more shards than there are

        def merge(label: str, nodes: Mapping[str, RankingData]) -> RankingData:
            function = merge_rankings if label.startswith(last) else merge_some_rankings
            outputs = {} if failed else self.call_once(label, function, **nodes)
            if isinstance(outputs, ExitCode):
                failed.append(outputs)
            return nodes[min(nodes)] if failed else cast("RankingData", outputs["ranking"])

        merged = merge_in_levels(rankings, merge)
        return failed[0] if failed else merged

    # The shortlist

    def has_shortlist(self) -> bool:
        """Rank the best of a quick recommender by the model where the space is too large for it."""
        return "shortlist" in self.inputs

    def run_rescoring(self) -> None:
        """Score the shortlist with the model."""
        self.fan_out(["rescore"], lambda _: self._rescoring(), max_concurrent=1)

    def inspect_rescoring(self) -> ExitCode | None:
        """Keep the ranking of the shortlist by the model, or end."""
        child = self.children("rescore")["rescore"]
        if not child.is_finished_ok:
            return self._exit("ERROR_RESCORING_FAILED", pk=child.pk, reason=reason_of(child))
        self.ctx.ranking = child.outputs.results.ranking
        return None

    def _rescoring(self) -> Launch:
        archives = {"model": self.ctx.fit, "shortlist": self.ctx.ranking, **self._left_out()}
        return worker_job(self.inputs.worker, "compounds.score_shard", archives, self.ctx.plan["rescore"], _SHARD)

    # What is to be said of the ranking

    def run_summary(self) -> ExitCode | None:
        """Say what was known, what was scored and what came first."""
        if not len(self.ctx.ranking):
            return self._exit("ERROR_NO_CANDIDATE", reason="every candidate is known, or is to be left out")
        self.ctx.summary = self.call_once(
            "summarise",
            summarise_ranking,
            ranking=self.ctx.ranking,
            **self._left_out(),
        )["report"]
        self.out("ranking", self.ctx.ranking)
        self.out("report", self.ctx.summary)
        first = ", ".join(self.ctx.summary["first"][:5])
        self.report(f"{self.ctx.summary['n_scored']} candidates scored; the first: {first}")
        return None

    def should_evaluate(self) -> bool:
        """Judge the model where it is said by what."""
        return bool(self.inputs.get("validation"))

    def run_evaluation(self) -> None:
        """Judge the model by compositions that it has not seen."""
        given = {name: self.inputs[name] for name in ("known", "ions", "space", "worker")}
        inputs = {**given, **self.inputs.validation, "models": self.ctx.plan["models"]}
        self.fan_out(["evaluation"], lambda _: (RecommenderEvaluationWorkChain, inputs), max_concurrent=1)

    def inspect_evaluation(self) -> None:
        """Keep what is known of the model's quality; without it the ranking still counts."""
        child = self.children("evaluation")["evaluation"]
        if not child.is_finished_ok:
            self.ctx.not_evaluated = reason_of(child)
            return
        self.out("evaluation", child.outputs.report)
        self.out("curves", child.outputs.curves)

    def should_verify(self) -> bool:
        """Compute the best candidates where an engine is given."""
        return bool(self.inputs.get("verification"))

    def run_verification(self) -> None:
        """Compute the best candidates and what they compete with."""
        inputs = self.exposed_inputs(CompositionVerificationWorkChain, namespace="verification", agglomerate=False)
        given = {"ranking": self.ctx.ranking, "known": self.inputs.known, **inputs}
        self.fan_out(["verification"], lambda _: (CompositionVerificationWorkChain, given), max_concurrent=1)

    def inspect_verification(self) -> None:
        """Keep what was found out; without it the ranking still counts."""
        child = self.children("verification")["verification"]
        if not child.is_finished_ok:
            self.ctx.not_verified = reason_of(child)
        for name in child.outputs:
            self.out(f"verification.{name}", child.outputs[name])

    def results(self) -> ExitCode | None:
        """Say what is to be said against the result."""
        if self.ctx.not_evaluated:
            further = f"; nor is its verification complete: {self.ctx.not_verified}" if self.ctx.not_verified else ""
            return self._exit("WARNING_NOT_EVALUATED", reason=f"{self.ctx.not_evaluated}{further}")
        if self.ctx.not_verified:
            return self._exit("WARNING_NOT_VERIFIED", reason=self.ctx.not_verified)
        return None

    # What the steps share

    def _left_out(self) -> dict[str, orm.Data]:
        """Return the compositions that are not recommended, by name."""
        return {name: self.inputs[name] for name in ("known", "exclude") if name in self.inputs}
