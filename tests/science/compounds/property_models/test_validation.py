"""Validation: nothing of a tested fold is learned, and figures are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from aiida_gbml.science.compounds.descriptors.sites import Elements
from aiida_gbml.science.compounds.descriptors.spec import Block, DescriptorSpec
from aiida_gbml.science.compounds.property_models.property_model import PropertyModel
from aiida_gbml.science.compounds.property_models.validation import figures, validate
from aiida_gbml.science.learning.splits import Folds, grouped_folds

GENERATOR = np.random.default_rng(0)
SPEC = DescriptorSpec((Block("elements", sites=(Elements(("mass", "group", "period")),), moments=("mean",)),))
VALUES = GENERATOR.normal(size=(150, 3))
TARGETS = 10 ** (VALUES[:, 0] + 0.1 * GENERATOR.normal(size=150))
GROUPS = np.array([str(number) for number in GENERATOR.integers(0, 60, 150)])
MODEL = PropertyModel(SPEC, "gaussian_process", scale="log10")
FOLDS = grouped_folds(GROUPS, 3, seed=0)


def test_figures_are_those_of_scikit_learn() -> None:
    validation = validate(MODEL, VALUES, TARGETS, GROUPS, FOLDS)
    found = figures(MODEL, validation, 0.0)
    said, true = np.log10(validation.prediction.mean), np.log10(validation.targets)
    assert found["rmse"] == pytest.approx(root_mean_squared_error(true, said))
    assert found["mae"] == pytest.approx(mean_absolute_error(true, said))
    assert found["r2"] == pytest.approx(r2_score(true, said))
    assert found["rmse_of_mean"] == pytest.approx(root_mean_squared_error(true, np.zeros(150)))
    assert found["coverage"] > 0.75
    squares = np.square(found["rmse_by_fold"]) * np.bincount(FOLDS.of_row)
    assert np.sqrt(squares.sum() / 150) == pytest.approx(found["rmse"])
    assert np.array_equal(np.sort(validation.rows), np.arange(150))


def test_targets_of_a_fold_do_not_change_its_predictions() -> None:
    one = Folds("grouped", np.where(FOLDS.of_row == 0, 0, -1))
    changed = np.where(one.of_row == 0, 1e3 * TARGETS, TARGETS)
    first, second = (validate(MODEL, VALUES, targets, GROUPS, one) for targets in (TARGETS, changed))
    assert np.array_equal(first.prediction.upper, second.prediction.upper)
    assert not np.array_equal(first.targets, second.targets)


@pytest.mark.parametrize("value", [2.5, 0.1])
def test_of_equal_targets_nothing_is_explained(value) -> None:
    """Not even where their mean is rounded."""
    validation = validate(PropertyModel(SPEC, "kernel_ridge"), VALUES, np.full(150, value), GROUPS, FOLDS)
    found = figures(PropertyModel(SPEC, "kernel_ridge"), validation, value)
    assert found["r2"] == 0.0
    assert found["rmse"] == pytest.approx(0.0, abs=1e-12)
