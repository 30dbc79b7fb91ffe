"""What a grain-boundary search has found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import Report, as_lines, as_table, children_problems, refuse_measured

if TYPE_CHECKING:
    from aiida import orm

_HEADINGS = {
    "excess_energy": "energy (J/m²)",
    "screening_energy": "before (J/m²)",
    "excess_volume": "volume (Å)",
    "translation": "translation (Å)",
    "gap": "gap (Å)",
    "termination": "termination",
    "n_removed": "removed",
    "n_atoms": "atoms",
}


class SearchReport(Report):
    """A search that is running, finished or failed."""

    noun = "search"
    pictures: ClassVar[tuple[str, ...]] = ("convergence", "gamma", "structure")
    formats: ClassVar[tuple[str, ...]] = ("extxyz", "cif", "csv", "json")

    def __init__(self, node: orm.WorkChainNode) -> None:
        from aiida_gbml.workflows.interfaces.view import SearchView

        super().__init__(node)
        self.view = SearchView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Grain-boundary search {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where a search stands, its summary, and its most stable structures as tables."""
        lines = [self.title, *as_lines(self.view.summary)]
        if self.view.verified is not None:
            verified = as_table(self.view.ranking(n_rows, verified=True), _HEADINGS)
            lines += ["", "Verified:", verified, "", "Before the verification:"]
        return "\n".join([*lines, as_table(self.view.ranking(n_rows), _HEADINGS)])

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the summary and the ranking."""
        return {"state": self.view.state, "summary": self.view.summary, "ranking": self.view.ranking(n_rows)}

    def problems(self) -> list[tuple[str, str]]:
        """Return the reasons of failed evaluations and what happened to failed children."""
        from aiida_gbml.workflows.interfaces.remedies import remedy

        counted = [
            (f"{count} evaluation{'s' * (count > 1)}: {reason}", remedy(reason))
            for reason, count in self.view.failures()
        ]
        return counted + children_problems(self.view.failed_children())

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw energy against evaluations, the energy over the translations, and the boundary itself."""
        from aiida_gbml.cli.pictures import draw

        refuse_measured(measured, self.noun)
        possible = [one for one in self.pictures if one != "gamma" or "gamma_surface" in self.view.node.outputs]
        return draw(self.view, kinds or possible, folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write every evaluated structure (extxyz), the most stable one (cif), or the ranking (csv, json)."""
        from aiida_gbml.cli.export import write

        write(self.view, file_format, path)
        return [path]
