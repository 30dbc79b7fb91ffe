"""What a search over compounds has found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from ase.io import write as write_atoms

from aiida_gbml.cli.reports.base import (
    Report,
    as_lines,
    as_table,
    children_problems,
    refuse_measured,
    write_json,
    write_rows,
)
from aiida_gbml.science.structure_files import to_extxyz

if TYPE_CHECKING:
    from aiida import orm

_SHOWN = (
    "property",
    "goal",
    "best_value",
    "best_formula",
    "best_label",
    "found_after",
    "n_evaluated",
    "n_given",
    "n_failed",
    "n_machine_faults",
    "n_candidates",
    "method",
    "level_of_theory",
)


class PropertySearchReport(Report):
    """A search that is running, finished or failed."""

    noun = "property_search"
    pictures: ClassVar[tuple[str, ...]] = ("progress",)
    formats: ClassVar[tuple[str, ...]] = ("csv", "json", "extxyz", "cif")

    def __init__(self, node: orm.WorkChainNode) -> None:
        from aiida_gbml.workflows.compounds.property_search_view import PropertySearchView

        super().__init__(node)
        self.view = PropertySearchView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Search over compounds {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where a search stands, its summary, its best compounds, and those that may be better."""
        summary, unit = self.view.summary, self.view.unit
        shown = {name: summary[name] for name in _SHOWN if summary.get(name) not in (None, "")}
        if "best_value" in shown:
            shown["best_value"] = f"{summary['best_value']:.6g} {unit}".rstrip()
        value = f"{self.view.objective.property} ({unit})" if unit else self.view.objective.property
        headings = {
            "formula": "formula",
            "label": "label",
            "value": value,
            "n_atoms": "atoms",
            "evaluation": "evaluation",
        }
        lines = [self.title, *as_lines(shown), as_table(self.view.ranking(n_rows), headings)]
        promising = self.view.promising(n_rows)
        if promising:
            headings = {"formula": "formula", "label": "label", "value": f"expected {value}"}
            headings |= {"lower": "from", "upper": "to"}
            lines += ["", "Not evaluated, by what the model expects (90 % intervals):", as_table(promising, headings)]
        return "\n".join(lines)

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the summary, the ranking, and what may be better."""
        return {
            "state": self.view.state,
            "summary": self.view.summary,
            "ranking": self.view.ranking(n_rows),
            "promising": self.view.promising(n_rows),
        }

    def problems(self) -> list[tuple[str, str]]:
        """Return the reasons of failed evaluations and what happened to failed children."""
        from aiida_gbml.workflows.interfaces.remedies import remedy

        counted = [
            (f"{count} evaluation{'s' * (count > 1)}: {reason}", remedy(reason))
            for reason, count in self.view.failures()
        ]
        return counted + children_problems(self.view.failed_children())

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw the value of each evaluation, the best so far, and what random draws would have found.

        Random draws are made from what the model believes of all compounds, and from what was observed of them.
        """
        from aiida_gbml.science.compounds.plots.progress import plot_progress

        refuse_measured(measured, self.noun)
        seen = self.view.observations
        is_new = ~seen.is_given
        learns = self.view.settings.method == "gaussian process"
        n_initial = max(self.view.settings.n_initial - int(seen.is_given.sum()), 0) if learns else 0
        figure = plot_progress(
            seen.values[is_new], self.view.objective, self.view.unit, self._all_values(), n_initial=n_initial
        )
        return self.save_pictures([((kinds or self.pictures)[0], figure)], folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the ranking (csv, json), every evaluated structure (extxyz), or the best one (cif)."""
        if not self.view.summary:
            raise ValueError(f"search {self.node.pk} has nothing to export: it is {self.view.state}")
        outputs = self.node.outputs
        if file_format == "cif":
            write_atoms(path, outputs.best_structure.get_ase(), format="cif")
        elif file_format == "extxyz":
            structures = outputs.evaluated if "evaluated" in outputs else outputs.database
            path.write_text(to_extxyz(structures.structures), encoding="utf-8")
        elif file_format == "csv":
            rows = [{**row, "unit": self.view.unit} for row in self.view.ranking()]
            write_rows(path, rows)
        else:
            content = {"uuid": self.node.uuid, **self.content(len(self.node.inputs.candidates))}
            write_json(path, content)
        return [path]

    def _all_values(self) -> Any:
        """Return the values of all candidates, known or believed; none without a model."""
        if "predictions" not in self.node.outputs:
            return None
        values = np.array(self.node.outputs.predictions.get_array("mean"))
        seen = self.view.observations
        values[seen.candidates] = seen.values
        return values
