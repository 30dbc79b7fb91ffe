"""What a model of a property has learned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aiida_gbml.cli.reports.base import (
    Report,
    as_lines,
    as_table,
    children_problems,
    refuse_measured,
    write_json,
    write_rows,
)
from aiida_gbml.science.plot_style import with_unit

if TYPE_CHECKING:
    from aiida import orm

_COLUMNS = ("target", "prediction", "lower", "upper")
_REMEDIES = {
    501: "take other descriptors, more compounds, or --scale log10 for a property of many magnitudes",
    502: "validate by groups that are as unlike as what you will predict, or train on more compounds",
}


class PropertyModelReport(Report):
    """A model that is being fitted, is fitted, or failed."""

    noun = "property_model"
    pictures: ClassVar[tuple[str, ...]] = ("parity",)
    formats: ClassVar[tuple[str, ...]] = ("csv", "json")

    def __init__(self, node: orm.WorkChainNode) -> None:
        from aiida_gbml.workflows.process_view import ProcessView

        super().__init__(node)
        self.view = ProcessView(node)

    @property
    def title(self) -> str:
        """What the process is, and where it stands."""
        return f"Model of a property {self.node.pk}: {self.view.state}"

    @cached_property
    def found(self) -> dict[str, Any]:
        """The report of the fit; empty as long as there is none."""
        return dict(self.node.outputs.report.get_dict()) if "report" in self.node.outputs else {}

    def text(self, n_rows: int) -> str:
        """Return where the model stands, how good it is, and the compounds that it missed most."""
        if not self.found:
            return self.title
        lines = [self.title, *as_lines(self._figures())]
        value = f"({self.found['unit']})" if self.found["unit"] else ""
        headings = {"compound": "compound", "target": f"value {value}".rstrip(), "prediction": "predicted"}
        headings |= {"lower": "from", "upper": "to"}
        lines += ["", "Farthest from their values, of compounds not seen:", as_table(self.rows()[:n_rows], headings)]
        if "predicted" in self.node.outputs:
            headings = {name: heading for name, heading in headings.items() if name != "target"}
            lines += ["", "Predicted:", as_table(self.predicted()[:n_rows], {**headings, "note": ""})]
        return "\n".join(lines)

    def content(self, n_rows: int) -> dict[str, Any]:
        """Return the state, the report of the fit, and the rows of the same tables."""
        content = {"state": self.view.state, "report": self.found, "rows": self.rows()[:n_rows]}
        return content | ({"predicted": self.predicted()[:n_rows]} if "predicted" in self.node.outputs else {})

    def problems(self) -> list[tuple[str, str]]:
        """Return what is to be said against the model, and what happened to failed children."""
        problems = children_problems(self.view.failed_children())
        status = self.node.exit_status
        return problems + ([(str(self.node.exit_message), _REMEDIES[status])] if status in _REMEDIES else [])

    def draw(self, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None) -> list[Path]:
        """Draw predictions of compounds not seen against their values."""
        from aiida_gbml.science.compounds.plots.parity import plot_parity

        refuse_measured(measured, self.noun)
        self._require()
        arrays = {name: self.node.outputs.predictions.get_array(name) for name in _COLUMNS}
        figure = plot_parity(arrays, self.found)
        return self.save_pictures([((kinds or self.pictures)[0], figure)], folder, formats)

    def write(self, file_format: str, path: Path) -> list[Path]:
        """Write the predictions of compounds not seen, and those of others in a file beside (csv), or all (json)."""
        self._require()
        if file_format == "json":
            content = {"uuid": self.node.uuid, **self.content(10**9)}
            write_json(path, content)
            return [path]
        write_rows(path, self._named(self.rows()))
        if "predicted" not in self.node.outputs:
            return [path]
        other = path.with_name(f"{path.stem}_predicted{path.suffix}")
        write_rows(other, self._named(self.predicted()))
        return [path, other]

    def rows(self) -> list[dict[str, Any]]:
        """Return the compounds of the validation as plain values, those missed most first."""
        if not self.found:
            return []
        arrays = {name: self.node.outputs.predictions.get_array(name) for name in ("row", "fold", *_COLUMNS)}
        names = self._names(self.node.inputs)
        is_log = self.found["scale"] == "log10"
        errors = np.abs(
            np.log10(arrays["prediction"] / arrays["target"]) if is_log else arrays["prediction"] - arrays["target"]
        )
        return [
            {"compound": names[int(arrays["row"][row])], **{name: arrays[name][row].item() for name in arrays}}
            for row in np.argsort(-errors, kind="stable")
        ]

    def predicted(self) -> list[dict[str, Any]]:
        """Return the other compounds as plain values, in their order."""
        return predicted_rows(self.node.outputs.predicted, self._names(self.node.inputs.predict))

    def _named(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return rows of a file, which say of what, in which unit and by which model they are."""
        about = {"property": self.found["property"], "unit": self.found["unit"]}
        about["model_uuid"] = self.node.outputs.model.uuid
        return [{**row, **about} for row in rows]

    def _names(self, inputs: Any) -> list[str]:
        from aiida_gbml.cli.property_subjects import names_of

        return names_of(inputs.structures if "structures" in inputs else inputs.compositions)

    def _figures(self) -> dict[str, Any]:
        """Return how good the model is, with units."""
        found, validation = self.found, self.found["validation"]
        nominal = f"{100 * found['nominal_coverage']:.0f} %"
        how = validation if isinstance(validation, str) else validation.get("kind", "")
        return {
            "property": f"{with_unit(found['property'], found['unit'])}, {found['scale']}",
            "model": f"{found['model']} on {found['n_descriptors']} descriptors",
            "compounds": f"{found['n']} in {found['n_groups']} groups, {found['n_left_out']} without a value",
            "validation": how,
            "rmse": self._error("rmse"),
            "mae": self._error("mae"),
            "rmse of the mean": self._error("rmse_of_mean"),
            "r2": f"{found['r2']:.4f}",
            "coverage": f"{100 * found['coverage']:.1f} % of the values lie in their intervals of {nominal}",
            "width of these": f"{self._error('mean_width')} on average",
        }

    def _error(self, name: str) -> str:
        """Return a figure with its unit; a difference of logarithms as the factor that it is, too."""
        value = self.found[name]
        factor = f" (a factor of {10**value:.3g})" if self.found["scale"] == "log10" else ""
        return f"{value:.4g} {self.found['error_unit']}{factor}"

    def _require(self) -> None:
        if not self.found:
            raise ValueError(f"model {self.node.pk} has learned nothing yet: it is {self.view.state}")


def predicted_rows(arrays: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return predictions as plain values.

    :param arrays: node of `prediction`, `lower`, `upper` and `is_familiar`.
    :param names: of the compounds.
    """
    columns = {name: arrays.get_array(name).tolist() for name in ("prediction", "lower", "upper")}
    familiar = arrays.get_array("is_familiar").tolist()
    return [
        {
            "compound": name,
            **{key: values[row] for key, values in columns.items()},
            "note": None if familiar[row] else "has an element that the training has not",
        }
        for row, name in enumerate(names)
    ]
