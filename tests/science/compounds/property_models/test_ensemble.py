"""The ensemble: between its members, weighted by what they have not seen."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from aiida_gbml.science.compounds.property_models import ensemble as module
from aiida_gbml.science.compounds.property_models.cross_fit import cross_fit
from aiida_gbml.science.compounds.property_models.ensemble import AveragingEnsemble, for_parts
from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.learning.splits import random_folds

GENERATOR = np.random.default_rng(0)
POINTS = GENERATOR.normal(size=(150, 4))
SMOOTH = 5 * np.sin(POINTS[:, 0]) + POINTS[:, 1]
STEPS = np.sign(POINTS[:, 0]) + 2 * (POINTS[:, 2] > 0.5) + np.sign(POINTS[:, 3])


def ensemble(**settings):
    return AveragingEnsemble(n_trees=40, n_likelihood=60, folds=3, **settings)


def test_scikit_learn_finds_no_fault() -> None:
    check_estimator(AveragingEnsemble(n_trees=5, n_likelihood=30, folds=2))


def test_the_better_model_weighs_more() -> None:
    assert ensemble().fit(POINTS, SMOOTH).weight_ > 0.7
    assert ensemble().fit(POINTS, STEPS).weight_ < 0.5


@pytest.mark.parametrize("shift", [0.0, 300.0])
def test_no_other_weight_has_a_smaller_error_on_unseen_rows(shift) -> None:
    """Wherever the zero of the property is."""
    targets = STEPS + shift
    model = ensemble().fit(POINTS, targets)
    folds = random_folds(150, 3, model.seed)
    parts = [cross_fit(one, POINTS, targets, folds) for one in (for_parts(model.process_), model.trees_)]
    weights = np.linspace(0, 1, 201)
    true = targets[parts[0].rows]
    errors = [np.mean((w * parts[0].mean + (1 - w) * parts[1].mean - true) ** 2) for w in weights]
    assert model.weight_ == pytest.approx(weights[np.argmin(errors)], abs=0.003)


def test_the_average_and_its_deviation() -> None:
    model = ensemble(blocks=(1, 3)).fit(POINTS[:100], STEPS[:100])
    mean, deviation = model.predict(POINTS[100:], return_std=True)
    process, own = model.process_.predict(POINTS[100:], return_std=True)
    trees = model.trees_.predict(POINTS[100:])
    weight = model.weight_
    assert np.allclose(mean, weight * process + (1 - weight) * trees)
    # Variance of a mixture of two that share the deviation of the first.
    assert np.allclose(deviation**2, own**2 + weight * (process - mean) ** 2 + (1 - weight) * (trees - mean) ** 2)
    assert np.allclose(mean, model.predict(POINTS[100:]))


def test_groups_are_not_parted() -> None:
    """Copies of one row in different folds would make the trees, which repeat what they saw, look perfect."""
    points, targets = np.repeat(POINTS[:50], 4, axis=0), np.repeat(GENERATOR.normal(size=50), 4)
    model = ensemble().fit(points, targets, groups=np.repeat(np.arange(50), 4))
    assert np.sqrt(np.mean((model.out_of_fold_.mean - targets[model.out_of_fold_.rows]) ** 2)) > 0.8 * targets.std()


def test_trees_do_not_see_wide_blocks() -> None:
    model = ensemble(blocks=(1, 3), widest=2).fit(POINTS, SMOOTH)
    assert model.trees_.n_features_in_ == 1
    assert model.process_.n_features_in_ == model.n_features_in_ == 4
    again = clone(model).restore(*model.state())
    assert np.array_equal(again.predict(POINTS), model.predict(POINTS))
    assert ensemble(blocks=(4,), widest=2).fit(POINTS, SMOOTH).trees_.n_features_in_ == 4


def test_one_group_alone_leaves_equal_weights() -> None:
    model = ensemble().fit(POINTS, SMOOTH, groups=np.zeros(150))
    assert model.weight_ == 0.5
    assert model.out_of_fold_ is None


def test_a_stored_ensemble_is_the_same() -> None:
    model = ensemble().fit(POINTS, SMOOTH)
    arrays, record = model.state()
    again = clone(model).restore(arrays, record)
    assert np.array_equal(again.predict(POINTS), model.predict(POINTS))
    with pytest.raises(ValueError, match="different numbers of columns"):
        clone(model).restore(arrays, {**record, "trees": {"n_features": 9}})


def test_of_many_rows_parts_take_over_the_hyperparameters(monkeypatch) -> None:
    monkeypatch.setattr(module, "_FEW", 149)
    fitted = BlockGaussianProcess(n_likelihood=60).fit(POINTS, SMOOTH)
    assert for_parts(fitted).fit(POINTS[:80], SMOOTH[:80]).hyperparameters_ == fitted.hyperparameters_


def test_of_few_rows_what_is_said_of_one_does_not_depend_on_its_own_target() -> None:
    """Not even by way of the hyperparameters, which made intervals too narrow."""
    folds = random_folds(60, 5, 0)
    own = folds.of_row == 2
    said = []
    for targets in (SMOOTH[:60], np.where(own, GENERATOR.normal(size=60), SMOOTH[:60])):
        unseen = cross_fit(for_parts(BlockGaussianProcess().fit(POINTS[:60], targets)), POINTS[:60], targets, folds)
        said.append((unseen.mean[own[unseen.rows]], unseen.deviation[own[unseen.rows]]))
    assert np.array_equal(said[0], said[1])


@pytest.mark.parametrize("value", [2.5, 0.1])
def test_equal_targets_are_predicted_whatever_their_mean_is_rounded_to(value) -> None:
    targets = np.full(60, value)
    process = BlockGaussianProcess().fit(POINTS[:60], targets)
    assert process.deviation_ == 1.0
    assert np.allclose(process.predict(POINTS[60:]), value)
