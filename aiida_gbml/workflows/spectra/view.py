"""What spectra look like from outside: the same plain values for the command line, for notebooks and for pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from aiida import orm

from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.data.spectrum import SpectrumData
from aiida_gbml.science.spectra.dataset import SpectraTable, tables_from_rows
from aiida_gbml.science.spectra.treatments import HOLE_OF
from aiida_gbml.workflows.process_view import ProcessView

COLUMNS = (
    "structure_label",
    "element",
    "edge",
    "site",
    "multiplicity",
    "treatment",
    "transition_energy",
    "distance_from_boundary",
    "status",
)
"""What a row of a dataset tells, as far as it has it: energies in eV, distances in Å."""

_SUMMARY = ("n_spectra", "n_failed", "n_structures", "elements", "edges", "treatments", "formulas")


class DatasetView(ProcessView):
    """Read access to a dataset of spectra: its node, or the work chain that computes it.

    :param node: a `SpectraDatasetWorkChain` that is running, finished or failed, or a `SpectraDatasetData`.
    """

    @cached_property
    def dataset(self) -> SpectraDatasetData | None:
        """The dataset; none as long as it is being computed."""
        if isinstance(self.node, SpectraDatasetData):
            return self.node
        return self.node.outputs.dataset if "dataset" in self.node.outputs else None

    @property
    def progress(self) -> str:
        """How many sites are computed."""
        sites = [child for label, child in self.children.items() if label.startswith("site_")]
        return f"{sum(child.is_terminated for child in sites)} of {len(sites)} sites launched so far have ended"

    @property
    def state(self) -> str:
        """Where the dataset stands."""
        return "stored" if isinstance(self.node, SpectraDatasetData) else super().state

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Counts, elements and ranges; empty as long as there is no dataset."""
        if self.dataset is None:
            return {}
        known = self.dataset.base.attributes.all
        ranges = {
            f"{key} (eV)": f"{known[f'energy_min_{key}']:.1f} to {known[f'energy_max_{key}']:.1f}"
            for key in known["spectra"]
            if f"energy_min_{key}" in known
        }
        return {name: known[name] for name in _SUMMARY} | ranges

    def rows(self, n_rows: int | None = None) -> list[dict[str, Any]]:
        """Return rows as plain values, without their spectra.

        :param n_rows: most of them; all by default.
        """
        if self.dataset is None:
            return []
        found: list[dict[str, Any]] = []
        with self.dataset.open() as spectra:
            for key in spectra.keys:
                element, edge = key.split("_")
                names = [name for name in COLUMNS if name in spectra.column_names(key)]
                left = None if n_rows is None else n_rows - len(found)
                columns = spectra.columns(key, names, slice(0, left))
                own: Mapping[str, Any] = {"element": element, "edge": edge}
                for values in zip(*(columns[name].tolist() for name in names), strict=True):
                    row = {**own, **{name: _plain(value) for name, value in zip(names, values, strict=True)}}
                    found.append({name: row[name] for name in COLUMNS if name in row})
        return found

    @cached_property
    def tables(self) -> tuple[SpectraTable, ...]:
        """All spectra; none as long as there is no dataset."""
        return () if self.dataset is None else self.dataset.tables

    def failures(self) -> list[tuple[str, int]]:
        """Return each reason of a failed row with the number of rows that it stopped, most frequent first."""
        return Counter(self._texts("reason")).most_common()

    def caveats(self) -> list[tuple[str, int]]:
        """Return each warning with the number of rows that have it, most frequent first."""
        return Counter(one for text in self._texts("warnings") for one in text.split("; ")).most_common()

    def _texts(self, name: str) -> list[str]:
        """Return what a column of text says, without empty rows; nothing for datasets that lack the column."""
        if self.dataset is None:
            return []
        with self.dataset.open() as spectra:
            keys = [key for key in spectra.keys if name in spectra.column_names(key)]
            return [text for key in keys for text in spectra.columns(key, [name])[name].tolist() if text]


class SpectrumView(ProcessView):
    """Read access to the spectra of one site: a spectrum, or the work chain that computes several.

    :param node: a `CoreHoleSpectrumWorkChain` that is running, finished or failed, or a `SpectrumData`.
    """

    @property
    def state(self) -> str:
        """Where the spectra stand."""
        return "stored" if isinstance(self.node, SpectrumData) else super().state

    @cached_property
    def spectra(self) -> dict[str, SpectrumData]:
        """The spectra by treatment, broadened if that was asked for; empty as long as there is none."""
        if isinstance(self.node, SpectrumData):
            return {self.node.base.attributes.get("treatment"): self.node}
        return spectra_of(self.node)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What places the spectra on their axis, and what the hole changes."""
        if isinstance(self.node, SpectrumData):
            return self.node.details
        found: dict[str, Any] = {}
        for name in ("plan", "energies", "comparison"):
            if name in self.node.outputs:
                found |= self.node.outputs[name].get_dict()
        return found

    @property
    def tables(self) -> tuple[SpectraTable, ...]:
        """The spectra as rows on one axis, whose step is that of the finest of them."""
        rows = [
            {**spectrum.details, "energy": spectrum.energy, "intensity": spectrum.intensity, "warnings": ""}
            for spectrum in self.spectra.values()
        ]
        steps = [float(np.diff(row["energy"]).min()) for row in rows]
        return tables_from_rows(rows, round(min(steps), 6)) if rows else ()


def spectra_of(process: orm.ProcessNode) -> dict[str, SpectrumData]:
    """Return the spectra of a site by treatment, the ground state first, broadened if that was asked for."""
    names = [name for name in ("broadened", "spectra") if name in process.outputs]
    found = process.outputs[names[0]] if names else {}
    return {treatment: found[treatment] for treatment in HOLE_OF if treatment in found}


def _plain(value: Any) -> Any:
    """Return a value, none for a number that is not defined."""
    return None if value != value else value  # noqa: PLR0124
