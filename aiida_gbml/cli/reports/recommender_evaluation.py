"""How recommenders were judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import Report, as_table, children_problems, refuse_measured, write_json
from aiida_gbml.cli.reports.evaluation_pictures import draw_evaluation
from aiida_gbml.cli.reports.evaluation_text import anion_rows, evaluation_text

if TYPE_CHECKING:
    from aiida import orm


class RecommenderEvaluationReport(Report):
    """An evaluation that is running, finished or failed."""

    noun = "evaluation"
    pictures: ClassVar[tuple[str, ...]] = ("enrichment", "reliability")
    formats: ClassVar[tuple[str, ...]] = ("json",)

    def __init__(self, node: orm.Node) -> None:
        from aiida_gbml.workflows.process_view import ProcessView

        super().__init__(node)
        self.view = ProcessView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Evaluation of recommenders {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where the evaluation stands, hits and enrichment of each model, and the same of each anion."""
        del n_rows  # models and anions are few
        lines = [self.title, *([evaluation_text(self._report)] if self._report else [])]
        rows = self._anions
        if rows:
            whole = [{name: round(value) if name == "EF" else value for name, value in row.items()} for row in rows]
            lines += ["", "Of each anion, among candidates with it:", as_table(whole, {name: name for name in rows[0]})]
        return "\n".join(lines)

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the whole report, and what was found of each anion."""
        del n_rows
        return {"state": self.view.state, "report": self._report, "anions": self._anions}

    def problems(self) -> list[tuple[str, str]]:
        """Return what was passed over, and what happened to failed children."""
        passed = [
            (f"{label} was passed over: {reason}", "install the package where the worker runs, or leave it out")
            for label, reason in dict(self._report.get("passed_over", {})).items()
        ]
        return passed + children_problems(self.view.failed_children())

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw enrichment and reliability of the models."""
        refuse_measured(measured, self.noun)
        curves = self.node.outputs.curves if "curves" in self.node.outputs else None
        stem = folder / f"{self.noun}_{self.node.pk}"
        return draw_evaluation(self._report, curves, None, kinds, stem=stem, formats=formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the report as JSON."""
        del file_format  # there is but one
        if not self._report:
            raise ValueError(f"evaluation {self.node.pk} has no report yet: it is {self.view.state}")
        write_json(path, {"uuid": self.node.uuid, **self._report})
        return [path]

    @property
    def _anions(self) -> list[dict[str, Any]]:
        return anion_rows(self.node.outputs.curves) if "curves" in self.node.outputs else []

    @property
    def _report(self) -> dict[str, Any]:
        return dict(self.node.outputs.report.get_dict()) if "report" in self.node.outputs else {}
