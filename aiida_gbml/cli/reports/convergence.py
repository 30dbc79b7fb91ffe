"""How a spectrum changes with the size of the cell and the density of k-points."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import Report, as_table, children_problems, refuse_measured, write_json
from aiida_gbml.workflows.process_view import ProcessView

if TYPE_CHECKING:
    from aiida import orm

_HEADINGS = {
    "n_atoms": "atoms",
    "image_distance": "images (Å)",
    "scf_kpoints": "k-points",
    "spectrum_kpoints": "of the spectrum",
    "transition_energy": "transition (eV)",
    "energy_change": "change (eV)",
    "spectral_change": "of the spectrum",
}


class ConvergenceReport(Report):
    """The steps towards a converged spectrum."""

    noun = "convergence"
    pictures: ClassVar[tuple[str, ...]] = ("convergence",)
    formats: ClassVar[tuple[str, ...]] = ("csv", "json")

    def __init__(self, node: orm.Node) -> None:
        super().__init__(node)
        self.view = ProcessView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Convergence of a spectrum {self.node.pk}: {self.view.state}"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The numbers of each step."""
        return self.node.outputs.history["steps"] if "history" in self.node.outputs else []

    def text(self, n_rows: int) -> str:
        """Return where the process stands, and its steps as a table."""
        rows = [{name: step.get(name) for name in _HEADINGS} for step in self.steps[:n_rows]]
        return "\n".join([self.title, *([as_table(rows, _HEADINGS)] if rows else [])])

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state and the steps."""
        return {"state": self.view.state, "steps": self.steps[:n_rows]}

    def problems(self) -> list[tuple[str, str]]:
        """Return what happened to failed steps."""
        return children_problems(self.view.failed_children())

    def draw(  # there is one kind of picture
        self,
        kinds: Sequence[str],  # noqa: ARG002
        folder: Path,
        formats: Sequence[str],
        measured: Path | None,
    ) -> list[Path]:
        """Draw the spectra of all steps, and how much they differ, one picture a treatment."""
        from aiida_gbml.science.spectra.plots import Curve, plot_cell_convergence

        refuse_measured(measured, self.noun)
        steps = self._required()
        spectra = [dict(self.node.outputs.steps[f"step_{number}"].items()) for number in range(len(steps))]
        sizes, figures = [step["n_atoms"] for step in steps], {}
        changes = [step["spectral_change"] for step in steps[1:]]
        for treatment in spectra[0]:
            curves = [
                Curve(f"{step['n_atoms']} atoms", found[treatment].energy, found[treatment].intensity)
                for step, found in zip(steps, spectra, strict=True)
            ]
            figures[treatment] = plot_cell_convergence(curves, sizes, changes, self.node.inputs.tolerance.value)
        return self.save_pictures(figures.items(), folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the numbers of the steps."""
        steps = self._required()
        if file_format == "json":
            write_json(path, steps)
            return [path]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(_HEADINGS), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(steps)
        return [path]

    def _required(self) -> list[dict[str, Any]]:
        if not self.steps:
            raise ValueError(f"process {self.node.pk} has no step to show: it is {self.view.state}")
        return self.steps
