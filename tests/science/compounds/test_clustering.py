"""Families of compounds: groups that are there are found, told apart and named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from aiida_gbml.science.compounds.clustering import ClusterSettings, cluster

GENERATOR = np.random.default_rng(5)
CENTRES = np.array([[0, 0, 0, 0], [6, 0, 5, 0], [0, 6, 0, 5]])
TRUTH = np.repeat([0, 1, 2], [40, 30, 20])
MATRIX = CENTRES[TRUTH] + 0.5 * GENERATOR.normal(size=(90, 4))
NAMES = ["mean(mass)", "mean(charge)", "mean(radius)", "mean(volume)"]


def test_the_groups_that_are_there_are_found_with_their_number() -> None:
    found = cluster(MATRIX, NAMES, ClusterSettings())
    assert adjusted_rand_score(TRUTH, found.labels) == 1.0
    assert found.sizes == [40, 30, 20]
    assert max(found.silhouettes, key=found.silhouettes.__getitem__) == 3
    assert set(found.silhouettes) == set(range(2, 11))
    by_hand = silhouette_score(found.components.points, found.labels)
    assert found.silhouettes[3] == pytest.approx(by_hand)


def test_each_group_is_told_by_the_nearest_to_its_centre_and_by_rules() -> None:
    found = cluster(MATRIX, NAMES, ClusterSettings(seed=3))
    points = found.components.points
    for label, rows in enumerate(found.nearest):
        own = points[found.labels == label]
        distances = np.linalg.norm(own - own.mean(axis=0), axis=1)
        assert np.linalg.norm(points[rows[0]] - own.mean(axis=0)) == pytest.approx(distances.min())
        assert len(rows) == 5
    assert sum(name in found.rules for name in NAMES) == 2
    assert found.rules_correct > 0.95


def test_a_group_of_one_among_thousands_is_judged_too() -> None:
    """The silhouette is that of drawn compounds, among which such a group need not be."""
    matrix = np.random.default_rng(1).normal(size=(4500, 4))
    matrix[17] += 500
    found = cluster(matrix, NAMES, ClusterSettings(n_clusters=2))
    assert found.sizes == [4499, 1]
    assert found.nearest[1] == [17]
    assert found.silhouettes[2] > 0.9


def test_the_number_may_be_given_and_equal_seeds_give_equal_groups() -> None:
    one, other = (cluster(MATRIX, NAMES, ClusterSettings(n_clusters=5, seed=1)) for _ in range(2))
    assert len(one.sizes) == 5
    assert one.sizes == sorted(one.sizes, reverse=True)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert list(one.silhouettes) == [5]


def test_the_order_of_compounds_does_not_matter() -> None:
    order = GENERATOR.permutation(len(MATRIX))
    one, other = cluster(MATRIX, NAMES, ClusterSettings()), cluster(MATRIX[order], NAMES, ClusterSettings())
    np.testing.assert_array_equal(one.labels[order], other.labels)


def test_two_distinct_compounds_are_two_groups() -> None:
    found = cluster(np.repeat(MATRIX[:2], 5, axis=0), NAMES, ClusterSettings())
    assert found.labels.tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize(
    ("matrix", "settings", "words"),
    [
        (MATRIX[:3], {}, "3 compounds are too few"),
        (np.repeat(MATRIX[:2], 5, axis=0), {"n_clusters": 4}, "2 distinct compounds cannot be put into 4 groups"),
        (np.ones((6, 2)), {}, "do not differ"),
        (MATRIX, {"n_clusters": 1}, "'n_clusters' of a clustering must be a whole number from 2 on, got 1"),
        (MATRIX, {"share": 2}, "'share' of a clustering must lie between 0 and 1"),
        (MATRIX, {"k": 2}, "a clustering has no setting 'k', known are n_clusters"),
    ],
)
def test_what_cannot_be_grouped_is_refused(matrix: np.ndarray, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cluster(matrix, NAMES, ClusterSettings.from_dict(settings))
