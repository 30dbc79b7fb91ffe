"""Settings of estimators: their defaults pass, and whatever cannot work is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.compounds.property_models.property_model import ESTIMATORS
from aiida_gbml.science.compounds.property_models.settings import SettingsError, check_settings


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_defaults_are_settings(kind) -> None:
    settings = ESTIMATORS[kind]().get_params()
    settings.pop("blocks", None)
    check_settings(ESTIMATORS[kind], kind, settings, (2, 3))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (3, "are names with values, got 3"),
        ({"depth": 3}, "a model 'gaussian_process' has no setting 'depth', choose from kernel, lengths"),
        ({"blocks": (1,)}, "no setting 'blocks'"),
        ({"seed": -1}, "'seed' of a model must be a whole number from 0 on, got -1"),
        ({"seed": "x"}, "whole number"),
        ({"n_likelihood": 0}, "whole number from 1 on, got 0"),
        ({"n_likelihood": True}, "whole number"),
        ({"noise": 0}, "'noise' of a model must be a positive number"),
        ({"noise": float("nan")}, "positive number"),
        ({"kernel": 3}, "'kernel' of a model must be a word"),
        ({"lengths": [1.0]}, "a list of 2 positive numbers, one a block of descriptors"),
        ({"lengths": [1.0, -1.0]}, "a list of 2 positive numbers"),
        ({"lengths": "ab"}, "a list of 2 positive numbers"),
    ],
)
def test_what_cannot_work_is_named(settings, words) -> None:
    with pytest.raises(SettingsError, match=words):
        check_settings(ESTIMATORS["gaussian_process"], "gaussian_process", settings, (2, 3))


@given(
    st.dictionaries(st.text(max_size=12) | st.sampled_from(["seed", "folds", "lengths", "kernel"]), st.from_type(type))
)
def test_any_settings_are_accepted_or_refused(settings) -> None:
    try:
        check_settings(ESTIMATORS["ensemble"], "ensemble", settings, (2,))
    except SettingsError:
        pass
    else:
        assert not settings
