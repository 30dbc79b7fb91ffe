"""Out-of-fold predictions against scikit-learn."""

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from aiida_gbml.science.compounds.property_models.cross_fit import cross_fit, predict_with_deviation
from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.learning.splits import chronological_folds, random_folds

GENERATOR = np.random.default_rng(0)
POINTS, TARGETS = GENERATOR.normal(size=(60, 3)), GENERATOR.normal(size=60)


def test_predictions_are_those_of_scikit_learn() -> None:
    folds = random_folds(60, 4, seed=0)
    found = cross_fit(LinearRegression(), POINTS, TARGETS, folds)
    expected = cross_val_predict(LinearRegression(), POINTS, TARGETS, cv=PredefinedSplit(folds.of_row))
    assert np.allclose(found.mean, expected[found.rows])
    assert found.deviation is None
    assert np.array_equal(np.sort(found.rows), np.arange(60))


def test_deviations_come_from_models_that_have_them() -> None:
    process = BlockGaussianProcess(lengths=(1.0,))
    found = cross_fit(process, POINTS, TARGETS, chronological_folds(np.arange(60), 2))
    assert found.deviation is not None
    assert found.deviation.shape == found.mean.shape == (40,)
    assert not hasattr(process, "alpha_")  # the estimator given is left as it is
    assert predict_with_deviation(LinearRegression().fit(POINTS, TARGETS), POINTS)[1] is None
