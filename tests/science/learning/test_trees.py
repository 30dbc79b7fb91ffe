"""Trees as arrays against scikit-learn, which grew them."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.learning.trees import TreeEnsemble, TreesError


def data(n=3000, missing=0.1, seed=0):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(n, 6))
    features[:, 2] = np.round(features[:, 2])  # values that equal thresholds
    target = features[:, 0] * features[:, 1] + np.abs(features[:, 2]) + 0.1 * generator.normal(size=n)
    features[generator.random(features.shape) < missing] = np.nan
    return features, target


@pytest.mark.parametrize("leaves", [2, 15, 16, 17, 31, 64])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_regression_is_that_of_scikit_learn(leaves, missing):
    features, target = data(missing=missing)
    model = HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=leaves, random_state=0).fit(features, target)
    np.testing.assert_allclose(TreeEnsemble.of(model).predict(features), model.predict(features), rtol=1e-12)


def test_log_odds_of_two_and_of_several_classes():
    features, target = data()
    for labels in (target > 0, np.digitize(target, [-0.5, 0.5, 1.5])):
        model = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(features, labels)
        np.testing.assert_allclose(
            TreeEnsemble.of(model).predict(features), model.decision_function(features), rtol=1e-12, atol=1e-12
        )


def test_single_precision_and_more_rows_than_a_block():
    features, target = data()
    model = HistGradientBoostingRegressor(max_iter=5, random_state=0).fit(features, target)
    many = np.tile(features.astype(np.float32), (25, 1))
    np.testing.assert_allclose(TreeEnsemble.of(model).predict(many), model.predict(many), rtol=1e-12)


def test_a_constant_target_has_trees_of_one_leaf_or_none():
    features, _ = data(n=100)
    model = HistGradientBoostingRegressor(max_iter=3).fit(features, np.full(100, 2.5))
    np.testing.assert_allclose(TreeEnsemble.of(model).predict(features), 2.5)


def test_arrays_survive_the_archive():
    features, target = data()
    trees = TreeEnsemble.of(HistGradientBoostingRegressor(max_iter=5, random_state=0).fit(features, target))
    stored = write_arrays(trees.to_arrays())
    read = TreeEnsemble.from_arrays(read_arrays(stored))
    np.testing.assert_array_equal(read.predict(features), trees.predict(features))
    assert write_arrays(read.to_arrays()) == stored


def test_a_split_on_missing_values_alone_has_a_finite_threshold():
    generator = np.random.default_rng(0)
    column = np.where(generator.random(500) < 0.5, np.nan, 1.0)
    target = np.isnan(column).astype(float)
    model = HistGradientBoostingRegressor(max_iter=3).fit(column[:, None], target)
    trees = TreeEnsemble.of(model)
    assert np.isfinite(trees.threshold).all()
    np.testing.assert_allclose(trees.predict(column[:, None]), model.predict(column[:, None]))


def test_what_is_refused():
    features, target = data()
    with pytest.raises(TreesError, match="no fitted histogram gradient boosting"):
        TreeEnsemble.of(HistGradientBoostingRegressor())
    big = HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=100, min_samples_leaf=2).fit(features, target)
    with pytest.raises(TreesError, match="more than 64 leaves"):
        TreeEnsemble.of(big)
    categories = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0])
    categories.fit(np.digitize(features[:, :1], [-1, 0, 1]), target)
    with pytest.raises(TreesError, match="categories"):
        TreeEnsemble.of(categories)
    small = TreeEnsemble.of(HistGradientBoostingRegressor(max_iter=2).fit(features, target))
    with pytest.raises(TreesError, match="the rows have 1 columns"):
        small.predict(features[:, :1])


@pytest.mark.parametrize(
    ("name", "change"), [("left", 0), ("left", 2), ("right", 10**6), ("feature", -5), ("starts", -3)]
)
def test_damaged_arrays_are_refused(name, change):
    features, target = data()
    arrays = TreeEnsemble.of(HistGradientBoostingRegressor(max_iter=2).fit(features, target)).to_arrays("")
    arrays[name] = arrays[name].copy()
    arrays[name][0] = change
    with pytest.raises(TreesError):
        TreeEnsemble.from_arrays(arrays, "")
    del arrays[name]
    with pytest.raises(TreesError, match=f"no array '{name}'"):
        TreeEnsemble.from_arrays(arrays, "")
