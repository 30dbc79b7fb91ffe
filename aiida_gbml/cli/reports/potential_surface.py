"""What a search of a potential-energy surface has found."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aiida_gbml.cli.reports.base import Report, as_lines, as_table, children_problems, refuse_measured
from aiida_gbml.science.compounds.potential_surface.cut_plot import Places, plot_cuts
from aiida_gbml.science.compounds.potential_surface.plots import plot_course, plot_path
from aiida_gbml.science.structure_files import to_extxyz

if TYPE_CHECKING:
    from aiida import orm
    from matplotlib.figure import Figure

_SITE_HEADINGS = {
    "energy": "energy (eV)",
    "multiplicity": "in the cell",
    "position": "fractional",
    "evaluated": "evaluated",
}
_BARRIER_HEADINGS = {"a": "a", "b": "b", "c": "c", "1d": "1 dimension", "2d": "2 dimensions", "3d": "3 dimensions"}
_SHORT = (
    "host",
    "mobile",
    "barrier",
    "agreement",
    "bottleneck_position",
    "bottleneck_evaluated",
    "path_length",
    "jump_rate",
    "temperature",
    "n_evaluated",
    "n_points",
    "n_grid",
    "n_failed",
    "n_machine_faults",
    "fraction_evaluated",
    "level_of_theory",
)


class PotentialSurfaceReport(Report):
    """A search that is running, finished or failed."""

    noun = "surface"
    pictures: ClassVar[tuple[str, ...]] = ("path", "course", "cuts")
    formats: ClassVar[tuple[str, ...]] = ("json", "csv", "extxyz")

    def __init__(self, node: orm.WorkChainNode) -> None:
        from aiida_gbml.workflows.compounds.potential_surface_view import PotentialSurfaceView

        super().__init__(node)
        self.view = PotentialSurfaceView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Search of a potential-energy surface {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where it stands, the barrier, and tables of directions and sites."""
        summary = self.view.summary
        if not summary:
            return self.title
        shown = {name: summary[name] for name in _SHORT if name in summary}
        shown["barrier"] = "no path" if summary["barrier"] is None else f"{summary['barrier']:.4f} eV"
        shown["agreement"] = f"{100 * summary['agreement']:.0f} % of the drawn surfaces have this barrier"
        for name, unit in (("jump_rate", "1/s"), ("temperature", "K"), ("path_length", "Å")):
            if name in shown:
                shown[name] = f"{shown[name]:.4g} {unit}"
        barriers = as_table([{name: summary[f"barrier_{name}"] for name in _BARRIER_HEADINGS}], _BARRIER_HEADINGS)
        sites = as_table(self.view.sites[:n_rows], _SITE_HEADINGS)
        return "\n".join(
            [self.title, *as_lines(shown), "", "Barriers along each vector (eV):", barriers, "", "Sites:", sites]
        )

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the summary and the sites."""
        return {"state": self.view.state, "summary": self.view.summary, "sites": self.view.sites[:n_rows]}

    def problems(self) -> list[tuple[str, str]]:
        """Return the reasons of failed evaluations and what happened to failed children."""
        counted = [
            (
                f"{count} evaluation{'s' * (count > 1)}: {reason}",
                "such a point is no part of any path; where it should be one, mend the cause and search again",
            )
            for reason, count in self.view.failures()
        ]
        return counted + children_problems(self.view.failed_children())

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw the energy along the path, the course of the search, and cuts through the bottleneck."""
        refuse_measured(measured, self.noun)
        makers: dict[str, Callable[[], Figure]] = {"path": self._path, "course": self._course, "cuts": self._cuts}
        if "path_energies" not in self.view.surface:
            raise ValueError(f"search {self.node.pk} has no path to draw: it is {self.view.state}")
        possible = [kind for kind in self.pictures if kind != "course" or len(self.view.course)]
        return self.save_pictures(((kind, makers[kind]()) for kind in kinds or possible), folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write summary, sites and path (json), the path (csv), or every evaluated structure (extxyz)."""
        if self.view.evaluated is None or not self.view.summary:
            raise ValueError(f"search {self.node.pk} has nothing to export: it is {self.view.state}")
        if file_format == "extxyz":
            path.write_text(to_extxyz(self.view.evaluated), encoding="utf-8")
        elif file_format == "csv":
            self._write_path(path)
        else:
            content = {"uuid": self.node.uuid, **self.content(len(self.view.sites)), "path": self._rows()}
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return [path]

    def _write_path(self, path: Path) -> None:
        rows = self._rows()
        if not rows:
            raise ValueError(
                f"search {self.node.pk} has no path to write: no way leads from the site to an image of it"
            )
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def _rows(self) -> list[dict[str, Any]]:
        """Return the points of the path: Å, eV above the site, fractions of the cell."""
        surface = self.view.surface
        if "path_energies" not in surface:
            return []
        names = ("path_distances", "path_energies", "path_evaluated", "path_positions")
        return [
            {"distance": distance, "energy": energy, "evaluated": evaluated, **dict(zip("abc", position, strict=True))}
            for distance, energy, evaluated, position in zip(*(surface[name].tolist() for name in names), strict=True)
        ]

    def _path(self) -> Figure:
        surface = self.view.surface
        return plot_path(*(surface[f"path_{name}"] for name in ("distances", "energies", "evaluated", "deviations")))

    def _course(self) -> Figure:
        if not len(self.view.course):
            raise ValueError(f"search {self.node.pk} has no course to draw: its strategy learns nothing")
        summary = self.view.summary
        return plot_course(
            *self.view.course.T,
            n_points=summary["n_points"],
            final=summary["barrier"],
            exhaustive=self.view.exhaustive_barrier(),
        )

    def _cuts(self) -> Figure:
        grid, summary, host = self.node.outputs.sites.grid, self.view.summary, self.node.inputs.structure.get_ase()
        images = [
            grid.fractional_of(np.flatnonzero(grid.orbits == summary[name])) for name in ("site_row", "bottleneck_row")
        ]
        energies = self.view.surface["energies"] - summary["lowest_energy"]
        places = Places(host.get_scaled_positions(), host.get_chemical_symbols(), *images)
        return plot_cuts(grid, energies, summary["barrier"], places)
