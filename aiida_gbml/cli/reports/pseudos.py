"""What the checks say of datasets with a core hole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import Report, as_lines, children_problems, refuse_measured, write_json
from aiida_gbml.workflows.process_view import ProcessView

if TYPE_CHECKING:
    from aiida import orm


class PseudosReport(Report):
    """Datasets with a core hole: a pair, or the process that makes and checks several."""

    noun = "core_holes"
    pictures: ClassVar[tuple[str, ...]] = ("derivatives",)
    formats: ClassVar[tuple[str, ...]] = ("json",)

    def __init__(self, node: orm.Node) -> None:
        super().__init__(node)
        self.view = ProcessView(node)

    @property
    def title(self) -> str:
        """What the node is, and where it stands."""
        return f"Core-hole datasets {self.node.pk}: {self.view.state if self._is_process else 'stored'}"

    @property
    def _is_process(self) -> bool:
        return hasattr(self.node, "process_state")

    @property
    def checks(self) -> dict[str, Mapping[str, Any]]:
        """The verdict and the numbers of each dataset, by 'ground', 'half' and 'full'."""
        if not self._is_process:
            known = self.node.base.attributes.all
            return {known["hole"]: known}
        if "checks" not in self.node.outputs:
            return {}
        return {name: check.get_dict() for name, check in self.node.outputs.checks.items()}

    def text(self, n_rows: int) -> str:
        """Return the verdicts, with all numbers of the checks."""
        lines = [self.title]
        for name, check in list(self.checks.items())[:n_rows]:
            lines.append(f"{name}: {check['verdict']}")
            lines += as_lines({key: value for key, value in check.items() if key not in ("verdict", "problems")})
        return "\n".join(lines)

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the checks as plain values."""
        return {"checks": dict(list(self.checks.items())[:n_rows])}

    def problems(self) -> list[tuple[str, str]]:
        """Return what the checks found against the datasets, and what happened to failed children."""
        found = [
            (f"{name}: {problem}", "change the recipe, or use the datasets with `accept_failed_pseudos`")
            for name, check in self.checks.items()
            for problem in check["problems"]
        ]
        return found + (children_problems(self.view.failed_children()) if self._is_process else [])

    def draw(  # there is one kind of picture
        self,
        kinds: Sequence[str],  # noqa: ARG002
        folder: Path,
        formats: Sequence[str],
        measured: Path | None,
    ) -> list[Path]:
        """Draw the logarithmic derivatives of each dataset that was made here."""
        from aiida_gbml.science.spectra.plots import plot_log_derivatives
        from aiida_gbml.science.spectra.pseudo_checks import LARGEST_DERIVATIVE_ERROR

        refuse_measured(measured, self.noun)
        atoms = {label: child for label, child in self.view.children.items() if label.startswith("atom_")}
        figures = {}
        for label, child in atoms.items():
            if "log_derivatives" not in child.outputs:
                continue
            found = child.outputs.log_derivatives
            energies, real, pseudo = (found.get_array(name) for name in ("energies", "all_electron", "pseudo"))
            title = label.replace("_", " ")
            figures[label] = plot_log_derivatives(energies, real, pseudo, LARGEST_DERIVATIVE_ERROR, title)
        if not figures:
            raise ValueError(f"node {self.node.pk} has no logarithmic derivatives: it made no datasets by ld1.x")
        return self.save_pictures(figures.items(), folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:  # noqa: ARG002  (there is one format)
        """Write the checks."""
        write_json(path, self.checks)
        return [path]
