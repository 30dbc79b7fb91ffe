"""Probabilities from scores, where the truth is drawn and known."""

import numpy as np
import pytest
from scipy.special import expit

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.compounds.evaluation.reliability import Reliability
from aiida_gbml.science.compounds.recommenders.calibration import Calibration, CalibrationError

KNOWN_PART = 0.4  # of what exists
HELD_PART = 0.2  # of what is known


def world(seed, n=200_000):
    """Return scores, what exists, what is known, and what of it is held out; the odds to exist are scores cubed."""
    generator = np.random.default_rng(seed)
    scores = np.exp(generator.normal(-1.0, 0.7, size=n))
    exists = generator.random(n) < expit(3 * np.log(scores))
    known = exists & (generator.random(n) < KNOWN_PART)
    return scores, exists, known, known & (generator.random(n) < HELD_PART)


def calibrated(method, seed=0, **size):
    scores, _, known, held = world(seed, **size)
    return Calibration.of(scores[held], scores[~known], int(known.sum()), method)


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_probabilities_to_be_reported_are_reliable_in_another_draw(method):
    calibration = calibrated(method)
    scores, _, known, held = world(1)
    shown = ~known | held
    reliability = Reliability.of(calibration.reported(scores[shown]), held[shown])
    assert reliability.error < 0.004
    assert calibration.base_rate == pytest.approx(held.sum() / shown.sum(), rel=0.05)


def test_the_known_part_and_what_exists_are_found_where_scores_tell_all():
    generator = np.random.default_rng(0)
    exists = generator.random(100_000) < 0.3
    scores = np.where(exists, 10.0, 1.0) * np.exp(generator.normal(0, 0.2, size=len(exists)))
    known = exists & (generator.random(len(exists)) < KNOWN_PART)
    held = known & (generator.random(len(exists)) < HELD_PART)
    calibration = Calibration.of(scores[held], scores[~known], int(known.sum()))
    assert calibration.known_share == pytest.approx(KNOWN_PART, abs=0.03)
    assert calibration.exists(np.array([10.0]))[0] > 0.9
    assert calibration.exists(np.array([1.0]))[0] < 0.01


def test_existence_is_no_worse_than_a_guess_where_scores_tell_little():
    calibration = calibrated("isotonic")
    scores, exists, known, _ = world(2)
    estimate = calibration.exists(scores[~known])
    for low, high in ((0.02, 0.1), (0.1, 0.3), (0.3, 0.7)):
        some = (estimate > low) & (estimate < high)
        assert exists[~known][some].mean() == pytest.approx(estimate[some].mean(), rel=0.5)


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_probabilities_never_fall_and_stay_in_bounds(method):
    calibration = calibrated(method, n=5000)
    scores = np.concatenate([[-5.0, 0.0], np.geomspace(1e-5, 1e5, 500)])
    for values in (calibration.reported(scores), calibration.exists(scores)):
        assert np.all(np.diff(values) >= 0)
        assert values.min() >= 0
        assert values.max() <= 1
    assert np.all(calibration.exists(scores) >= calibration.reported(scores) - 1e-12)


def test_the_odds_of_a_logistic_calibration_are_a_power_of_the_score_up_to_the_highest():
    calibration = calibrated("platt")
    scores = np.geomspace(calibration.knots[0], calibration.knots[-1], 5000)
    chances = calibration.reported(scores)
    power = np.polyfit(np.log(scores), np.log(chances / (1 - chances)), 1)
    np.testing.assert_allclose(chances, expit(np.polyval(power, np.log(scores))), rtol=2e-3)


def test_the_highest_scores_are_no_certainty():
    held, others = np.array([9.0, 8.0, 3.0, 1.0]), np.array([4.0, 2.0, 2.5, 0.5, 0.4, 0.3])
    calibration = Calibration.of(held, others, 8)
    assert calibration.reported(np.array([8.0, 9.0, 99.0])) == pytest.approx([2.5 / 3] * 3)  # two hits in a step of two


def test_a_few_lowest_scores_do_not_raise_all_others():
    held = np.array([1.5, *np.linspace(900.5, 1000.5, 20)])
    others = np.arange(1.0, 1001.0)  # the lowest of all, then a held-out one, then hundreds of others
    calibration = Calibration.of(held, others, 100)
    chances = calibration.reported(np.array([1.0, 500.0, 950.0]))
    assert chances[:2] == pytest.approx([(1 + 0.5 * 2) / (900 + 1 + 2)] * 2, rel=0.1)
    assert chances[2] == pytest.approx(20 / 120, rel=0.1)


def test_it_is_stored_as_arrays():
    calibration = calibrated("isotonic", n=5000)
    content = write_arrays(calibration.to_arrays())
    again = Calibration.from_arrays(read_arrays(content))
    scores = np.linspace(0, 5, 100)
    np.testing.assert_array_equal(again.reported(scores), calibration.reported(scores))
    np.testing.assert_array_equal(again.exists(scores), calibration.exists(scores))
    assert again.to_dict() == calibration.to_dict()
    assert write_arrays(again.to_arrays()) == content


def test_what_is_refused():
    scores = np.linspace(0, 1, 10)
    with pytest.raises(CalibrationError, match="too few"):
        Calibration.of(scores[:1], scores, 5)
    with pytest.raises(CalibrationError, match="isotonic"):
        Calibration.of(scores, scores, 10, "guess")  # type: ignore[arg-type]
    arrays = calibrated("platt", n=5000).to_arrays("")
    for change in ({"knots": arrays["knots"][::-1]}, {"known": arrays["known"] * 2}, {"reported": scores}):
        with pytest.raises(CalibrationError):
            Calibration.from_arrays(arrays | change, "")
