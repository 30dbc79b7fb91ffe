"""The checks that all estimators of properties share."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from aiida_gbml.science.compounds.property_models.estimator import checked, checked_points


class Plain(BaseEstimator):
    """An estimator without anything."""


def test_data_become_floats_and_their_width_is_kept() -> None:
    estimator = Plain()
    values, targets = checked(estimator, [[1, 2], [3, 4]], [1, 2])
    assert values.dtype == targets.dtype == float
    assert estimator.n_features_in_ == 2
    with pytest.raises(ValueError, match="3 features"):
        checked_points(estimator, np.zeros((1, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(bad) -> None:
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        checked(Plain(), [[1.0, bad], [0.0, 1.0]], [1, 2])
