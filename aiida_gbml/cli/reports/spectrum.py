"""What the spectra of one site are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import JUDGE, Report, as_lines, children_problems
from aiida_gbml.cli.reports.spectra_files import FORMATS, write_tables
from aiida_gbml.cli.reports.spectra_pictures import draw_tables

if TYPE_CHECKING:
    from aiida import orm

_SHOWN = (
    "element",
    "edge",
    "site",
    "symmetry",
    "multiplicity",
    "formula",
    "n_atoms",
    "image_distance",
    "polarisation",
    "alignment",
    "transition_energy",
    "core_term",
    "empirical_offset",
    "energy_zero",
    "broadening",
    "warnings",
)


class SpectrumReport(Report):
    """The spectra of one site, one a treatment, or the process that computes them."""

    noun = "spectrum"
    pictures: ClassVar[tuple[str, ...]] = ("treatments", "sites")
    formats: ClassVar[tuple[str, ...]] = tuple(one for one in FORMATS if one not in ("extxyz", "qm9"))

    def __init__(self, node: orm.Node) -> None:
        from aiida_gbml.workflows.spectra.view import SpectrumView

        super().__init__(node)
        self.view = SpectrumView(node)

    @property
    def title(self) -> str:
        """What the node is, and where it stands."""
        return f"Spectrum of a site {self.node.pk}: {self.view.state}"

    def text(self, n_rows: int) -> str:
        """Return where the spectra stand, what places them, and what the core hole changes."""
        summary = self.view.summary
        lines = [self.title, *as_lines({name: summary[name] for name in _SHOWN if name in summary})]
        for name, changes in ((name, changes) for name, changes in summary.items() if "_to_" in name):
            lines += [f"{name.replace('_', ' ')}:", *as_lines(changes)]
        for treatment, spectrum in list(self.view.spectra.items())[:n_rows]:
            low, high = spectrum.energy[[0, -1]]
            lines.append(
                f"{treatment}: {len(spectrum.energy)} points from {low:.1f} to {high:.1f} eV (pk {spectrum.pk})"
            )
        return "\n".join(lines)

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the summary, and the pks of the spectra."""
        spectra = {treatment: spectrum.pk for treatment, spectrum in list(self.view.spectra.items())[:n_rows]}
        return {"state": self.view.state, "summary": self.view.summary, "spectra": spectra}

    def problems(self) -> list[tuple[str, str]]:
        """Return the caveats of the spectra and what happened to failed children."""
        caveats = [
            (f"{treatment}: {warning}", JUDGE)
            for treatment, spectrum in self.view.spectra.items()
            for warning in spectrum.details["warnings"]
        ]
        return caveats + children_problems(self.view.failed_children())

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw the treatments over each other, or the only one."""
        tables = self._tables()
        default = ["treatments"] if len(self.view.spectra) > 1 or measured is not None else ["sites"]
        return draw_tables(tables, kinds or default, folder / f"{self.noun}_{self.node.pk}", formats, measured)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the spectra."""
        return write_tables(self._tables(), file_format, path)

    def _tables(self) -> Any:
        if not self.view.spectra:
            raise ValueError(f"process {self.node.pk} has no spectra: it is {self.view.state}")
        return self.view.tables
