"""What a recommendation has found, or what is in a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import Report, as_lines, as_table, children_problems, refuse_measured
from aiida_gbml.cli.reports.evaluation_pictures import draw_evaluation
from aiida_gbml.cli.reports.evaluation_text import evaluation_text
from aiida_gbml.cli.reports.verification import HEADINGS, verified_rows, where_joined

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.science.compounds.ranking import Ranking

_SHOWN = {
    "model": "model",
    "arity": "elements in a composition",
    "n_scored": "candidates scored",
    "n_known": "known compositions",
    "n_known_inside": "known ones among the candidates",
    "n_excluded": "left out by a second list",
    "n_elements_in_first_100": "elements in the first 100",
    "mean_probability_of_first_100": "their mean probability",
    "source": "source",
    "licence": "licence",
    "known_until": "known until",
}
_COLUMNS = ("Place", "Formula", "Score", "Probability", "Nearest known")
_OUTSIDE = {
    "no ion": ("an element has no charge in the table of ions", "give one that has (`ions`)"),
    "no anion": ("no element can be the anion, as in alloys", "give a table with further anions (`ions`)"),
    "not neutral": (
        "no charges add up to zero",
        "more charges (`ions`) or `mixed_valence` may let them in",
    ),
    "coefficient": ("a coefficient is too large", "larger `limits` of the `space` let them in"),
}
"""Why known compositions are no candidates, and what to do; what the user left out needs no word."""

_N_NAMED = 5
_VERIFIED = ("n_judged", "n_stable", "hit_rate", "hit_rate_interval", "expected_hit_rate")


class RecommendationReport(Report):
    """A recommendation that is running, finished or failed, or a ranking by itself."""

    noun = "ranking"
    pictures: ClassVar[tuple[str, ...]] = ("enrichment", "reliability", "factors")
    formats: ClassVar[tuple[str, ...]] = ("csv", "parquet", "sqlite", "json")

    def __init__(self, node: orm.Node) -> None:
        from aiida_gbml.workflows.compounds.recommendation_view import RecommendationView

        super().__init__(node)
        self.view = RecommendationView(node)

    @property
    def title(self) -> str:
        """What the node is, and where it stands."""
        if self.view.is_alone:
            return f"Ranking {self.node.pk}"
        return f"Recommendation {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where the recommendation stands, its summary, how it was judged, and the best compositions."""
        summary = self._summary
        shown = {title: summary[name] for name, title in _SHOWN.items() if summary.get(name) not in (None, "")}
        lines = [self.title, *as_lines(summary if self.view.is_alone else shown)]
        if self.view.evaluation:
            lines += ["", "Judged by compositions that the model had not seen:", evaluation_text(self.view.evaluation)]
        if self.view.verification:
            found = {name: self.view.verification[name] for name in _VERIFIED}
            lines += ["", f"Computed compositions (process {self._verification()}):", *as_lines(found)]
        if self.view.verified is not None:
            lines.append(as_table(verified_rows(self.view.verified, n_rows), HEADINGS))
        lines += where_joined(self.view.joined)
        if self.view.ranking is not None:
            lines += ["", self._table(self.view.ranking, n_rows)]
        return "\n".join(lines)

    def _table(self, ranking: Ranking, n_rows: int) -> str:
        """Return the best compositions, each with the known one that is nearest; scores of members are in exports."""
        from aiida_gbml.cli.ranking_data import rows_of

        nearest = dict(enumerate(self.view.summary.get("nearest_known_of_first_100", [])))
        rows = [
            {**row, "Probability": row["Probability"] or None, "Nearest known": nearest.get(number)}
            for number, row in enumerate(rows_of(ranking, n_rows))
        ]
        return as_table(rows, {name: name for name in _COLUMNS})

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the same as plain values."""
        rows = [] if self.view.ranking is None else plain_rows(self.view.ranking, n_rows)
        return {
            "state": self.view.state,
            "summary": self._summary,
            "evaluation": self.view.evaluation,
            "verification": self.view.verification,
            "verified": [] if self.view.verified is None else verified_rows(self.view.verified, n_rows),
            "ranking": rows,
        }

    def problems(self) -> list[tuple[str, str]]:
        """Return rejected and uncovered known compositions, and what happened to failed children."""
        found = []
        summary = self.view.summary
        for kind, count in summary.get("known_rejected", {}).items():
            what = f"{count} rows of the known compositions were rejected: {kind}"
            found.append((what, f"look at `verdi data gbml.compositions show {self._known()}`"))
        return found + self._outside() + children_problems(self.view.failed_children())

    def _outside(self) -> list[tuple[str, str]]:
        """Return which known compositions are no candidates, and why, each with what to do."""
        from aiida_gbml.science.compounds.candidates import CandidateSpace
        from aiida_gbml.science.compounds.evaluation.coverage import Coverage

        if self.view.ranking is None or self.view.is_alone:
            return []
        known = self.node.inputs.known.compositions
        coverage = Coverage.of(known, CandidateSpace.from_dict(self.view.ranking.run.space))
        found = []
        for reason, (why, remedy) in _OUTSIDE.items():
            rows = coverage.rows_outside(reason)
            if len(rows):
                named = ", ".join(known.take(rows[:_N_NAMED]).formulas()) + ", ..." * (len(rows) > _N_NAMED)
                found.append((f"{len(rows)} known compositions are no candidates, since {why}: {named}", remedy))
        return found

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw enrichment and reliability of the model, where it was judged, and the map of its ions."""
        refuse_measured(measured, self.noun)
        stem = folder / f"{self.noun}_{self.node.pk}"
        return draw_evaluation(
            self.view.evaluation, self.view.curves, self.view.model, kinds, stem=stem, formats=formats
        )

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the ranking with licence and provenance."""
        from aiida_gbml.cli.ranking_origin import origin_of
        from aiida_gbml.science.compounds.ranking_export import write_ranking

        if self.view.ranking is None or self.view.ranking_node is None:
            raise ValueError(f"recommendation {self.node.pk} has no ranking yet: it is {self.view.state}")
        write_ranking(self.view.ranking, path, file_format, origin_of(self.view.ranking_node))
        return [path]

    @property
    def _summary(self) -> dict[str, Any]:
        """What was known, scored and first; of a ranking by itself where it is from."""
        from aiida_gbml.cli.ranking_data import about

        return dict(about(self.node)) if self.view.is_alone else self.view.summary  # type: ignore[arg-type]

    def _known(self) -> Any:
        return self.node.inputs.known.pk

    def _verification(self) -> Any:
        return self.view.children["verification"].pk


def plain_rows(ranking: Ranking, n_rows: int) -> list[dict[str, Any]]:
    """Return the first rows of a ranking as plain values; what the model does not say is none."""
    return [
        {
            "place": int(ranking.places[row]),
            "formula": ranking.composition(row).formula,
            "score": float(ranking.scores[row]),
            "probability": _number(ranking.probability[row]),
            **{name: _number(column[row]) for name, column in sorted(ranking.columns.items())},
        }
        for row in range(min(n_rows, len(ranking)))
    ]


def _number(value: Any) -> float | None:
    number = float(value)
    return None if number != number else number  # noqa: PLR0124
