"""What the estimators of properties share: checks of the data, and the arrays of which they are rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from aiida_gbml.science.archive import Array


class PropertyEstimator(Protocol):
    """A regression model in the manner of scikit-learn, that can be stored as arrays and plain values."""

    def fit(self, X: Array, y: Array) -> Any:
        """Learn (n,) targets at (n, d) descriptors."""

    def predict(self, X: Array) -> Array:
        """Return (m,) predictions at (m, d) descriptors."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor."""

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what was learned, as arrays and as plain JSON values."""

    def restore(self, arrays: Mapping[str, Array], record: Mapping[str, Any]) -> Any:
        """Take what :meth:`state` returned, and return self."""


def checked(estimator: Any, X: Array, y: Array, fewest: int = 1) -> tuple[Array, Array]:
    """Return the float data that an estimator learns from, after scikit-learn's checks; sets ``n_features_in_``.

    :param X: (n, d) descriptors.
    :param y: (n,) targets.
    :param fewest: rows that the estimator needs.
    """
    data = _validated(estimator, X=X, y=y, reset=True, y_numeric=True, ensure_min_samples=fewest)
    return data[0], np.asarray(data[1], dtype=float)


def checked_points(estimator: Any, X: Array) -> Array:
    """Return the float (n, d) descriptors that an estimator predicts from, after scikit-learn's checks."""
    result: Array = _validated(estimator, X=X, reset=False)
    return result


def _validated(estimator: Any, **options: Any) -> Any:
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # before scikit-learn 1.6
        return estimator._validate_data(**options, dtype=np.float64)
    return validate_data(estimator, **options, dtype=np.float64)
