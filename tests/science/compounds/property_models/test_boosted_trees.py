"""Boosted trees against scikit-learn's own predictions, and by its own checks."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils.estimator_checks import check_estimator

from aiida_gbml.science.compounds.property_models.boosted_trees import BoostedTrees

GENERATOR = np.random.default_rng(0)
POINTS = GENERATOR.normal(size=(200, 4))
TARGETS = 5 * np.sin(POINTS[:, 0]) + POINTS[:, 1]


def test_scikit_learn_finds_no_fault() -> None:
    check_estimator(BoostedTrees(n_trees=20, column_share=1.0))


def test_predictions_are_those_of_scikit_learn() -> None:
    model = BoostedTrees(n_trees=30, column_share=1.0, seed=3).fit(POINTS[:150], TARGETS[:150])
    options = {"max_iter": 30, "learning_rate": 0.08, "max_leaf_nodes": 15, "min_samples_leaf": 8}
    other = HistGradientBoostingRegressor(**options, l2_regularization=1.0, early_stopping=False, random_state=3)
    assert np.allclose(model.predict(POINTS), other.fit(POINTS[:150], TARGETS[:150]).predict(POINTS))


def test_stored_trees_are_the_same_and_damaged_ones_are_refused() -> None:
    model = BoostedTrees(n_trees=10).fit(POINTS, TARGETS)
    arrays, record = model.state()
    assert np.array_equal(clone(model).restore(arrays, record).predict(POINTS), model.predict(POINTS))
    with pytest.raises(ValueError, match="look at more than the 1 columns"):
        clone(model).restore(arrays, {"n_features": 1})
    with pytest.raises(ValueError, match="has no array"):
        clone(model).restore({}, record)
