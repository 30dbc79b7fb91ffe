"""What is in a dataset of spectra, or how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import JUDGE, Report, as_lines, as_table, children_problems
from aiida_gbml.cli.reports.spectra_files import FORMATS, write_tables
from aiida_gbml.cli.reports.spectra_pictures import PICTURES, draw_tables

if TYPE_CHECKING:
    from aiida import orm

HEADINGS = {
    "structure_label": "structure",
    "element": "element",
    "edge": "edge",
    "site": "site",
    "multiplicity": "atoms",
    "treatment": "treatment",
    "transition_energy": "transition (eV)",
    "distance_from_boundary": "from boundary (Å)",
    "status": "status",
}


class DatasetReport(Report):
    """A dataset of spectra, or the process that computes it."""

    noun = "spectra"
    pictures: ClassVar[tuple[str, ...]] = PICTURES
    formats: ClassVar[tuple[str, ...]] = FORMATS

    def __init__(self, node: orm.Node) -> None:
        from aiida_gbml.workflows.spectra.view import DatasetView

        super().__init__(node)
        self.view = DatasetView(node)

    @property
    def title(self) -> str:
        """What the node is, and where it stands."""
        return f"Dataset of spectra {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where the dataset stands, its summary, and its first rows."""
        rows = self.view.rows(n_rows)
        return "\n".join([self.title, *as_lines(self.view.summary), *([as_table(rows, HEADINGS)] if rows else [])])

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the summary and the first rows."""
        return {"state": self.view.state, "summary": self.view.summary, "rows": self.view.rows(n_rows)}

    def problems(self) -> list[tuple[str, str]]:
        """Return the reasons of failed rows with the warnings of others, or the failed children of what has no rows."""
        from aiida_gbml.workflows.spectra.remedies import remedy

        if self.view.dataset is None:
            return children_problems(self.view.failed_children())
        failed = [(f"{_spectra(count)}: {reason}", remedy(reason)) for reason, count in self.view.failures()]
        return failed + [(f"{_spectra(count)} with a warning: {text}", JUDGE) for text, count in self.view.caveats()]

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw the sites over each other with their sum, the treatments, and the structures over each other."""
        self._require()
        return draw_tables(self.view.tables, kinds, folder / f"{self.noun}_{self.node.pk}", formats, measured)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the spectra."""
        self._require()
        return write_tables(self.view.tables, file_format, path)

    def _require(self) -> None:
        if self.view.dataset is None:
            raise ValueError(f"dataset {self.node.pk} has no spectra yet: it is {self.view.state}")


def _spectra(count: int) -> str:
    return f"{count} spectr{'a' if count > 1 else 'um'}"
