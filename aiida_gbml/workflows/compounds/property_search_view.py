"""What a search over compounds looks like from outside: the same plain values for all who show it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_column import UNITS
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.compounds.property_search import PropertySearchSettings
from aiida_gbml.science.compounds.property_table import formula_of_row
from aiida_gbml.workflows.rounds_view import RoundsView


class PropertySearchView(RoundsView):
    """Read access to a search over compounds that is running, finished or failed."""

    LABEL = "PropertySearchWorkChain"
    NOUN = "a search over compounds"

    @property
    def progress(self) -> str:
        """How many candidates are evaluated."""
        return f"{len(self.observations) - int(self.observations.is_given.sum())} evaluated"

    @cached_property
    def objective(self) -> Objective:
        """What is wanted."""
        return Objective.from_dict(self.node.inputs.objective.get_dict())

    @property
    def unit(self) -> str:
        """Unit of the property."""
        return self.objective.unit or UNITS.get(self.objective.property, "")

    @cached_property
    def settings(self) -> PropertySearchSettings:
        """How it searches."""
        return PropertySearchSettings.from_dict(self.node.inputs.strategy.get_dict())

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The flat summary; empty as long as there is none."""
        return dict(self.node.outputs.summary.get_dict()) if "summary" in self.node.outputs else {}

    @cached_property
    def observations(self) -> PropertyObservations:
        """Everything observed so far, in the order of the evaluations."""
        return max((node.observations for node in self.recorded), key=len, default=PropertyObservations.empty())

    def ranking(self, n_rows: int | None = None) -> list[dict[str, Any]]:
        """Return the compounds whose value is known as plain values, the best first.

        :param n_rows: most of them.
        """
        seen = self.observations
        structures = self.node.inputs.candidates.structures
        labels = structures.columns.get("structure_label")
        losses = self.objective.losses(seen.values)
        order = [row for row in np.argsort(losses, kind="stable").tolist() if not np.isnan(losses[row])][:n_rows]
        n_given = int(seen.is_given.sum())
        rows = []
        for row in order:
            candidate = int(seen.candidates[row])
            rows.append(
                {
                    "formula": formula_of_row(structures, candidate),
                    "label": None if labels is None else str(labels[candidate]),
                    "value": float(seen.values[row]),
                    "n_atoms": int(structures.sizes[candidate]),
                    "candidate": candidate,
                    "evaluation": None if seen.is_given[row] else row + 1 - n_given,
                }
            )
        return rows

    def promising(self, n_rows: int | None = None) -> list[dict[str, Any]]:
        """Return the compounds not evaluated of which the model promises most, with their intervals, the best first.

        :param n_rows: most of them.
        """
        if "predictions" not in self.node.outputs:
            return []
        arrays = self.node.outputs.predictions
        mean, lower, upper, known = (arrays.get_array(name) for name in ("mean", "lower", "upper", "is_known"))
        structures = self.node.inputs.candidates.structures
        labels = structures.columns.get("structure_label")
        losses = np.where(known, np.inf, self.objective.losses(mean))
        order = [row for row in np.argsort(losses, kind="stable").tolist() if np.isfinite(losses[row])][:n_rows]
        return [
            {
                "formula": formula_of_row(structures, row),
                "label": None if labels is None else str(labels[row]),
                "value": float(mean[row]),
                "lower": float(lower[row]),
                "upper": float(upper[row]),
                "candidate": row,
            }
            for row in order
        ]
