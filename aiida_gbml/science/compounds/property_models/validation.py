"""How well a model of a property predicts compounds that it has not seen, and whether its intervals keep their word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.property_models.property_model import Prediction, PropertyModel
from aiida_gbml.science.learning.conformal import coverage_of
from aiida_gbml.science.learning.splits import Folds


@dataclass(frozen=True)
class Validation:
    """Predictions of the tested rows, fold by fold.

    :param rows: (m,) which rows.
    :param fold: (m,) in which fold each was tested.
    :param targets: (m,) in the unit of the property.
    :param prediction: of these rows.
    """

    rows: Array
    fold: Array
    targets: Array
    prediction: Prediction

    def errors(self, model: PropertyModel) -> Array:
        """Return the (m,) errors on the modelled scale."""
        return model.modelled(self.prediction.mean) - model.modelled(self.targets)


def validate(model: PropertyModel, values: Array, targets: Array, groups: Array, folds: Folds) -> Validation:
    """Return predictions by models like the given one, each fitted and calibrated without the fold that it predicts.

    :param values: (n, d) descriptors.
    :param targets: (n,) in the unit of the property.
    :param groups: (n,) labels that calibration does not part.
    :param folds: which rows are tested by which.
    """
    rows, predictions, numbers = [], [], []
    for number, (learnt, tested) in enumerate(folds):
        one = PropertyModel(model.spec, model.kind, model.settings, model.scale, model.name, model.unit, model.coverage)
        one.fit_values(values[learnt], targets[learnt], groups[learnt], np.zeros(0, dtype=np.int64))
        predictions.append(one.predict_values(values[tested]))
        rows.append(tested)
        numbers.append(np.full(len(tested), number))
    parts = {
        name: np.concatenate([getattr(one, name) for one in predictions])
        for name in ("mean", "lower", "upper", "deviation")
    }
    order = np.concatenate(rows)
    return Validation(order, np.concatenate(numbers), targets[order], Prediction(**parts))


def figures(model: PropertyModel, validation: Validation, constant: float) -> dict[str, Any]:
    """Return how good the predictions are, on the modelled scale, as JSON values.

    :param constant: what a model without descriptors predicts, on the modelled scale.
    """
    errors, targets = validation.errors(model), model.modelled(validation.targets)
    said = validation.prediction
    spread = float(np.sum((targets - targets.mean()) ** 2))
    widths = model.modelled(said.upper) - model.modelled(said.lower)
    by_fold = [_rms(errors[validation.fold == fold]) for fold in np.unique(validation.fold)]
    return {
        "rmse": _rms(errors),
        "mae": float(np.mean(np.abs(errors))),
        "median_ae": float(np.median(np.abs(errors))),
        "r2": 1 - float(np.sum(errors**2)) / spread if np.ptp(targets) > 0 else 0.0,
        "rmse_of_mean": _rms(targets - constant),
        "rmse_by_fold": by_fold,
        "coverage": coverage_of(validation.targets, said.lower, said.upper),
        "mean_width": float(np.mean(widths)),
    }


def _rms(errors: Array) -> float:
    return float(np.sqrt(np.mean(errors**2)))
