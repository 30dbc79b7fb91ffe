"""The learned model: its features, its scale, and its way through a file."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import KrigingSearch
from aiida_gbml.science.interfaces.surrogate import KINDS, CandidateFeatures, TargetScale
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError, rebuild

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


@pytest.fixture
def candidates():
    """Return a twist boundary of square symmetry, with three terminations."""
    generator = np.random.default_rng(0)
    rotations = np.array([np.linalg.matrix_power(TURN, power) for power in range(4)])
    group = TranslationGroup(2.5 * np.eye(2), rotations, np.zeros((4, 2)))
    ones = np.ones(60, dtype=int)
    return CandidateSet(
        generator.uniform(0, 2.5, (60, 2)), np.repeat([0.2, 0.6], 30), np.arange(60) % 3, 0 * ones, ones, group, 240
    )


def columns(candidates):
    return candidates.translations, candidates.gaps, candidates.terminations, candidates.n_removed


def test_features_of_equivalent_translations_are_equal(candidates):
    features = CandidateFeatures.of(candidates, 7)
    translations, *others = columns(candidates)
    np.testing.assert_allclose(
        features(translations @ TURN.T + 5.0, *others), features(translations, *others), atol=1e-9
    )


def test_features_hold_what_varies(candidates):
    found = CandidateFeatures.of(candidates, 7)(*columns(candidates))
    assert found.shape == (60, 7 + 1 + 3)  # harmonics, gap, terminations; nothing for the atoms removed
    assert len(CandidateFeatures.of(candidates, 7).prior.lengths) == 11


def test_different_terminations_are_equally_far_from_each_other(candidates):
    found = CandidateFeatures.of(candidates, 7)(np.zeros((3, 2)), np.zeros(3), np.arange(3), np.zeros(3))
    distances = np.linalg.norm(found[:, None] - found[None], axis=2)
    np.testing.assert_allclose(distances, np.sqrt(2) * (1 - np.eye(3)))


def test_targets_are_capped_and_standardised():
    energies = np.array([1.0, 1.2, 1.1, 50.0, 1.3])
    scale = TargetScale.of(energies)
    targets = scale.targets(energies)
    assert scale.cap == pytest.approx(1.2 + 2 * 0.2)
    assert targets.mean() == pytest.approx(0.0)
    assert targets.std() == pytest.approx(1.0)
    assert scale.targets(np.array([np.nan])) == targets.max()
    np.testing.assert_allclose(scale.offset + scale.unit * targets[:3], energies[:3])


def test_equal_energies_have_a_scale():
    np.testing.assert_array_equal(TargetScale.of(np.ones(3)).targets(np.ones(3)), 0.0)


@pytest.fixture
def search(candidates):
    search = KrigingSearch(candidates, seed=1)
    rows = np.arange(0, 60, 4)
    energies = 1 + 0.2 * np.sin(2 * candidates.translations[rows, 0]) + 0.1 * candidates.terminations[rows]
    energies[3] = np.nan
    search.tell(rows, energies)
    return search


def test_surrogate_predicts_as_the_search_does(search, candidates):
    found = search.surrogate.predict(*columns(candidates))
    np.testing.assert_allclose(found, search.predict(), atol=1e-7)


def test_surrogate_does_not_take_guesses_for_observations(search, candidates):
    before = search.surrogate.predict(*columns(candidates))
    search.ask(3)
    np.testing.assert_allclose(search.surrogate.predict(*columns(candidates)), before, atol=1e-12)


def test_model_file_gives_the_same_predictions(search, candidates):
    content = search.surrogate.to_model_file().to_bytes()
    again = rebuild(ModelFile.from_bytes(content), KINDS)
    np.testing.assert_array_equal(again.predict(*columns(candidates)), search.surrogate.predict(*columns(candidates)))
    assert again.to_model_file().to_bytes() == content


def test_model_file_that_does_not_fit_is_refused(search):
    file = search.surrogate.to_model_file()
    for broken in (
        ModelFile(
            "kriging", {**file.arrays, "points": file.arrays["points"][:, :3]}, file.hyperparameters, file.features
        ),
        ModelFile("kriging", {"points": np.zeros((2, 2))}, file.hyperparameters, file.features),
        ModelFile("kriging", file.arrays, {"lengths": [1.0]}, file.features),
    ):
        with pytest.raises(ModelFileError, match="does not fit"):
            rebuild(broken, KINDS)
