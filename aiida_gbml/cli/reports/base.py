"""What every report offers to the commands, and how a node finds its own."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from aiida import orm
    from matplotlib.figure import Figure

JUDGE = "judge whether it matters for this spectrum"
"""What to do about a warning."""

_REPORTS = {
    "GrainBoundarySearchWorkChain": "search:SearchReport",
    "SpectraDatasetWorkChain": "dataset:DatasetReport",
    "SpectraDatasetData": "dataset:DatasetReport",
    "CoreHoleSpectrumWorkChain": "spectrum:SpectrumReport",
    "SpectrumData": "spectrum:SpectrumReport",
    "CoreHoleConvergenceWorkChain": "convergence:ConvergenceReport",
    "CoreHolePseudosWorkChain": "pseudos:PseudosReport",
    "PotentialSurfaceWorkChain": "potential_surface:PotentialSurfaceReport",
    "PropertyModelWorkChain": "property_model:PropertyModelReport",
    "PropertySearchWorkChain": "property_search:PropertySearchReport",
    "WorkerCalculation": "property_task:PropertyTaskReport",
    "CoreHolePairData": "pseudos:PseudosReport",
    "RecommendationWorkChain": "recommendation:RecommendationReport",
    "RankingData": "recommendation:RecommendationReport",
    "RecommenderEvaluationWorkChain": "recommender_evaluation:RecommenderEvaluationReport",
    "CompositionVerificationWorkChain": "verification:VerificationReport",
}
"""Module and class of the report of each process, by its label, and of each node, by its class."""


class Report(ABC):
    """What the commands say about one process or node.

    :param node: the process or the node.
    """

    noun: ClassVar[str]
    """Begins the names of files."""

    pictures: ClassVar[tuple[str, ...]]
    """What can be drawn."""

    formats: ClassVar[tuple[str, ...]]
    """What can be written; the first by default."""

    def __init__(self, node: orm.Node) -> None:
        self.node = node

    @abstractmethod
    def text(self, n_rows: int) -> str:
        """Return where it stands and what was found, with so many rows of tables."""

    @abstractmethod
    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the same as plain values."""

    @abstractmethod
    def problems(self) -> list[tuple[str, str]]:
        """Return what went wrong, each with what to do about it."""

    @abstractmethod
    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Write pictures and return their paths.

        :param kinds: some of :attr:`pictures`; empty for all that there is.
        :param formats: png or svg.
        :param measured: file of a measured spectrum to lay over.
        :raises ValueError: when there is nothing to draw, or nothing measured can be laid over it.
        """

    @abstractmethod
    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write what was found to a file, or to several named after it, and return their paths.

        :raises ValueError: when there is nothing to write.
        """

    @property
    def title(self) -> str:
        """The first line of every text."""
        return f"{self.noun} {self.node.pk}"

    def save_pictures(self, figures: Iterable[tuple[str, Figure]], folder: Path, formats: Sequence[str]) -> list[Path]:
        """Save pictures, named by what the node is and their kinds, one after the other, and return their paths."""
        from aiida_gbml.science.plot_style import save

        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for kind, figure in figures:
            for file_format in formats:
                paths.append(folder / f"{self.noun}_{self.node.pk}_{kind}.{file_format}")
                save(figure, paths[-1])
        return paths


def report_of(node: orm.Node) -> Report:
    """Return the report of a process or a node.

    :raises ValueError: when there is none for it, naming it.
    """
    name = getattr(node, "process_label", None) or type(node).__name__
    if name not in _REPORTS:
        kinds = ", ".join(kind for kind in _REPORTS if kind.endswith("WorkChain"))
        raise ValueError(f"node {node.pk} is a {name}, of which there is no report; there is one of {kinds}")
    module, _, report = _REPORTS[name].partition(":")
    found: Report = getattr(import_module(f"aiida_gbml.cli.reports.{module}"), report)(node)
    return found


def refuse_measured(measured: Path | None, noun: str) -> None:
    """Raise when a measured spectrum is to be laid over what is no spectrum.

    :raises ValueError: naming the file.
    """
    if measured is not None:
        raise ValueError(f"'{measured}' is a measured spectrum, which cannot be laid over a {noun}")


def write_json(path: Path, content: Any) -> None:
    """Write plain values to a file that people read too."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV; the first tells the columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)


def children_problems(children: Sequence[tuple[str, orm.ProcessNode]]) -> list[tuple[str, str]]:
    """Return what happened to failed children, each with the command that shows more."""
    return [
        (
            f"{label} ({child.process_label} {child.pk}): {child.exit_message or child.process_state}",
            f"look at `verdi process report {child.pk}`",
        )
        for label, child in children
    ]


def as_table(rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> str:
    """Return rows as a table under headings, with the columns of which any row has a value."""
    from tabulate import tabulate

    filled = [name for name in headings if any(row.get(name) is not None for row in rows)]
    table = [{headings[name]: as_text(row.get(name)) for name in filled} for row in rows]
    return tabulate(table, headers="keys", disable_numparse=True)


def as_text(value: Any) -> str:
    """Return a value as a reader wants it: four decimals are a tenth of a mJ/m² and of a meV."""
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list):
        return " ".join(f"{item:.2f}" if isinstance(item, float) else str(item) for item in value)
    return "" if value is None else str(value)


def as_lines(values: Mapping[str, Any]) -> list[str]:
    """Return named values as lines, the values below each other."""
    width = max((len(name) for name in values), default=0)
    return [f"  {name:<{width}}  {as_text(value)}" for name, value in values.items()]
