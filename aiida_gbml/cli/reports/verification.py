"""Which recommended compositions were computed, and which of them are stable."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiida_gbml.cli.reports.base import Report, as_lines, as_table, children_problems, refuse_measured

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.data.structure_set import StructureSetData

HEADINGS = {
    "place": "place",
    "formula": "composition",
    "prototype": "prototype",
    "energy_above_hull": "above phases (eV/atom)",
    "formation_energy": "formation (eV/atom)",
    "decomposition": "decomposes into",
    "verdict": "verdict",
    "reason": "reason",
}
"""Columns of a table of computed compositions, with what stands above them."""

_SHOWN = ("n_judged", "n_stable", "hit_rate", "hit_rate_interval", "expected_hit_rate", "n_without_prototype")


class VerificationReport(Report):
    """A verification that is running, finished or failed."""

    noun = "verification"
    pictures: ClassVar[tuple[str, ...]] = ()
    formats: ClassVar[tuple[str, ...]] = ("csv", "json", "extxyz")

    def __init__(self, node: orm.Node) -> None:
        from aiida_gbml.workflows.process_view import ProcessView

        super().__init__(node)
        self.view = ProcessView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Verification of compositions {self.node.pk}: {self.view.state}"

    @property
    def summary(self) -> dict[str, Any]:
        """The counts and rates; what was expected as long as there are none."""
        for name in ("report", "expectation"):
            if name in self.node.outputs:
                return dict(self.node.outputs[name].get_dict())
        return {}

    def rows(self, n_rows: int | None = None) -> list[dict[str, Any]]:
        """Return the computed compositions, each by its best structure, in the order of the ranking."""
        return verified_rows(self.node.outputs.verified, n_rows) if "verified" in self.node.outputs else []

    def text(self, n_rows: int) -> str:
        """Return where the verification stands, its summary, and the computed compositions."""
        shown = {name: self.summary[name] for name in _SHOWN if name in self.summary}
        rows = self.rows(n_rows)
        lines = [self.title, *as_lines(shown), *([as_table(rows, HEADINGS)] if rows else [])]
        return "\n".join([*lines, *where_joined(self.node.outputs.known if "known" in self.node.outputs else None)])

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the same as plain values."""
        return {"state": self.view.state, "summary": self.summary, "rows": self.rows(n_rows)}

    def problems(self) -> list[tuple[str, str]]:
        """Return why compositions failed or were not judged, and what happened to failed children."""
        failed = [
            (
                f"{row['formula']} failed: {row.get('reason') or 'no reason'}",
                "look at the job, or give other prototypes",
            )
            for row in self.rows()
            if row["verdict"] == "failed"
        ]
        open_ones = [row["formula"] for row in self.rows() if row["verdict"] == "not judged"]
        if open_ones:
            what = f"{', '.join(open_ones)}: no mixture of the competing phases has this composition"
            failed.append((what, "give the missing compounds or elements as competing phases"))
        return failed + children_problems(self.view.failed_children())

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Refuse: there is no picture of a verification."""
        del kinds, folder, formats
        refuse_measured(measured, self.noun)
        raise ValueError(f"there is no picture of a verification: look at `aiida-gbml show {self.node.pk}`")

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the compositions (csv, json), or all computed structures (extxyz)."""
        from aiida_gbml.science.structure_files import to_extxyz

        if "verified" not in self.node.outputs:
            raise ValueError(f"verification {self.node.pk} has computed nothing yet: it is {self.view.state}")
        if file_format == "extxyz":
            path.write_text(to_extxyz(self.node.outputs.verified.structures), encoding="utf-8")
        elif file_format == "json":
            content = {**self._origin(), "summary": self.summary, "rows": self.rows()}
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        else:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, fieldnames=[*HEADINGS, *self._origin()])
                writer.writeheader()
                writer.writerows({**row, **self._origin()} for row in self.rows())
        return [path]

    def _origin(self) -> dict[str, str]:
        """Return of what process and ranking a file is, and under which licence that may be used."""
        ranking = self.node.inputs.ranking
        licence = str(ranking.base.attributes.get("licence"))
        return {"uuid": self.node.uuid, "ranking_uuid": ranking.uuid, "licence": licence}


def where_joined(known: orm.Node | None) -> list[str]:
    """Return the line that says where stable compositions have joined the known ones, if any have.

    :param known: output of a verification.
    """
    return [] if known is None else [f"  known and stable ones together: {known.pk}, for the next recommendation"]


def verified_rows(verified: StructureSetData, n_rows: int | None = None) -> list[dict[str, Any]]:
    """Return computed compositions as plain values, each by its best structure, in the order of the ranking.

    :param verified: output of a verification.
    """
    columns = verified.structures.columns
    best = {formula: row for row, formula in reversed(list(enumerate(columns["formula"].tolist())))}
    best |= {formula: row for row, formula in enumerate(columns["formula"].tolist()) if bool(columns["is_best"][row])}
    order = sorted(best.values(), key=lambda row: (int(columns["place"][row]), row))[:n_rows]
    return [{name: _plain(columns[name][row]) for name in HEADINGS if name in columns} for row in order]


def _plain(value: Any) -> Any:
    """Return a number or text as a plain value; a number that is not defined as none."""
    plain = value.tolist()
    return None if plain != plain else plain  # noqa: PLR0124
