"""Predictions of training rows by models that did not see them."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.learning.splits import Folds


@dataclass(frozen=True)
class OutOfFold:
    """What models say about rows that they were not fitted to.

    :param rows: (m,) which rows were tested.
    :param mean: (m,) their predictions.
    :param deviation: (m,) standard deviations, where the model has any.
    """

    rows: Array
    mean: Array
    deviation: Array | None


def predict_with_deviation(estimator: Any, X: Array) -> tuple[Array, Array | None]:
    """Return (m,) predictions, and the model's own (m,) standard deviations where it has any."""
    if has_deviation(estimator):
        mean, deviation = estimator.predict(X, return_std=True)
        return mean, deviation
    return estimator.predict(X), None


def has_deviation(estimator: Any) -> bool:
    """Return whether a model has standard deviations of its own."""
    return "return_std" in signature(estimator.predict).parameters


def cross_fit(estimator: Any, X: Array, y: Array, folds: Folds) -> OutOfFold:
    """Return the predictions of all tested rows, each by a clone fitted to the rows that its fold may learn from.

    :param estimator: of the interface of scikit-learn; it is left as it is.
    :param X: (n, d) descriptors.
    :param y: (n,) targets.
    """
    from sklearn.base import clone

    rows, means, deviations = [], [], []
    for learnt, tested in folds:
        mean, deviation = predict_with_deviation(clone(estimator).fit(X[learnt], y[learnt]), X[tested])
        rows.append(tested)
        means.append(mean)
        deviations.append(deviation)
    known = [one for one in deviations if one is not None]
    return OutOfFold(np.concatenate(rows), np.concatenate(means), np.concatenate(known) if known else None)
