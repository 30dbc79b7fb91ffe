"""What a single task on compounds has found: predictions of a property, or families."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aiida_gbml.cli.reports.base import Report, as_lines, as_table, refuse_measured, write_json, write_rows
from aiida_gbml.cli.reports.property_model import predicted_rows

if TYPE_CHECKING:
    from aiida import orm

_TASKS = ("predict_property", "cluster_compounds")
_REMEDY = "look at `verdi process report`, mend the cause, and run the command again"


class PropertyTaskReport(Report):
    """A job of the worker that predicted a property or grouped compounds.

    :param node: the job.
    :raises ValueError: when it ran another task.
    """

    noun = "compounds"
    pictures: ClassVar[tuple[str, ...]] = ("map",)
    formats: ClassVar[tuple[str, ...]] = ("csv", "json")

    def __init__(self, node: orm.CalcJobNode) -> None:
        super().__init__(node)
        module = str(node.get_option("task"))
        self.task = module.rpartition(".")[2]
        if self.task not in _TASKS:
            raise ValueError(f"job {node.pk} ran the task '{module}', of which there is no report")

    @property
    def title(self) -> str:
        """What the job is, and where it stands."""
        what = "Families of compounds" if self.task == "cluster_compounds" else "Predictions"
        if not self.node.is_terminated:
            return f"{what} {self.node.pk}: running"
        return f"{what} {self.node.pk}: {'finished' if self._has_results else self.node.exit_message}"

    @property
    def _has_results(self) -> bool:
        return "results" in self.node.outputs

    @cached_property
    def found(self) -> dict[str, Any]:
        """The report of the task; empty without one."""
        return dict(self.node.outputs.results.report.get_dict()) if self._has_results else {}

    @cached_property
    def names(self) -> list[str]:
        """What a reader calls each compound."""
        from aiida_gbml.cli.property_subjects import names_of

        arrays = self.node.inputs.arrays
        return names_of(arrays.structures if "structures" in arrays else arrays.compositions)

    def text(self, n_rows: int) -> str:
        """Return predictions as a table, or the groups with what is typical of each."""
        if not self.found:
            return self.title
        return "\n".join([self.title, *(self._families() if self._is_clustering else self._predictions(n_rows))])

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the report of the task and the first rows."""
        return {"report": self.found, "rows": self.rows()[:n_rows]}

    def problems(self) -> list[tuple[str, str]]:
        """Return why a job has no results."""
        failed = self.node.is_terminated and not self._has_results
        return [(str(self.node.exit_message), _REMEDY)] if failed else []

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw a map of the families."""
        from aiida_gbml.science.compounds.cluster_compounds import restore
        from aiida_gbml.science.compounds.plots.cluster_map import plot_cluster_map

        refuse_measured(measured, self.noun)
        if not self._is_clustering or not self.found:
            raise ValueError(f"job {self.node.pk} has no families to draw")
        arrays = self.node.outputs.results.clusters
        clustering = restore({name: arrays.get_array(name) for name in arrays.get_arraynames()}, self.found)
        figure = plot_cluster_map(clustering, self.names)
        return self.save_pictures([((kinds or self.pictures)[0], figure)], folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write all rows (csv), with the report of the task (json)."""
        if not self.found:
            raise ValueError(f"job {self.node.pk} has no results to write")
        if file_format == "json":
            content = {"uuid": self.node.uuid, **self.content(10**9)}
            write_json(path, content)
            return [path]
        rows = self.rows()
        write_rows(path, rows)
        return [path]

    def rows(self) -> list[dict[str, Any]]:
        """Return all compounds as plain values: their predictions, or their groups and places on the map."""
        if not self.found:
            return []
        results = self.node.outputs.results
        if not self._is_clustering:
            extra = {"property": self.found["property"], "unit": self.found["unit"]}
            extra["model_uuid"] = self.node.inputs.arrays.model.uuid
            return [{**row, **extra} for row in predicted_rows(results.predictions, self.names)]
        labels, points = results.clusters.get_array("label"), results.clusters.get_array("points")
        second = points[:, 1] if points.shape[1] > 1 else np.zeros(len(points))
        columns = zip(self.names, labels.tolist(), points[:, 0].tolist(), second.tolist(), strict=True)
        return [{"compound": name, "group": label + 1, "first": x, "second": y} for name, label, x, y in columns]

    @property
    def _is_clustering(self) -> bool:
        return bool(self.task == "cluster_compounds")

    def _predictions(self, n_rows: int) -> list[str]:
        found = self.found
        unit = f" ({found['unit']})" if found["unit"] else ""
        nominal = f"{100 * found['nominal_coverage']:.0f} %"
        headings = {"compound": "compound", "prediction": f"{found['property']}{unit}", "lower": "from", "upper": "to"}
        figures = {"model": found["model"], "intervals": nominal, "compounds": found["n"]}
        if found["n_unfamiliar"]:
            figures["unfamiliar"] = f"{found['n_unfamiliar']} have an element that the training has not"
        return [*as_lines(figures), as_table(self.rows()[:n_rows], {**headings, "note": "note"})]

    def _families(self) -> list[str]:
        found = self.found
        rows = [
            {"group": number + 1, "size": size, "like": ", ".join(self.names[row] for row in found["nearest"][number])}
            for number, size in enumerate(found["sizes"])
        ]
        silhouettes = {int(number): value for number, value in found["silhouettes"].items()}
        tried = ", ".join(f"{number}: {silhouettes[number]:.3f}" for number in sorted(silhouettes))
        at_the_end = len(silhouettes) > 1 and found["n_clusters"] == max(silhouettes)
        tried += " (the largest number tried is the best: try --most-clusters)" if at_the_end else ""
        figures = {"compounds": found["n"], "descriptors": found["n_descriptors"], "mean silhouettes": tried}
        correct = f"{100 * found['rules_correct']:.0f} %"
        rules = ["", f"What tells them apart (puts {correct} of unseen compounds right):"]
        return [
            *as_lines(figures),
            as_table(rows, {"group": "group", "size": "compounds", "like": "nearest to its centre"}),
            *rules,
            found["rules"].rstrip(),
        ]
