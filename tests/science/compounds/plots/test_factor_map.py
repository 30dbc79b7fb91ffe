"""Maps of ions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_compositions import known_set, space_of
from sklearn.decomposition import PCA

from aiida_gbml.science.compounds.plots.factor_map import FAMILIES, family, plot_factor_map, project, spread
from aiida_gbml.science.compounds.recommenders.base import IonVectors
from aiida_gbml.science.compounds.recommenders.cp import CpRecommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.recommenders.tucker import TuckerRecommender
from aiida_gbml.science.compounds.recommenders.unfolding import SvdCationRecommender, SvdPairRecommender
from aiida_gbml.science.plot_style import save

GENERATOR = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("model", "n_pictures"),
    [
        (TuckerRecommender((4, 3, 6)), 2),
        (CpRecommender(5), 2),
        (SvdCationRecommender(4), 1),
        (SvdPairRecommender(4), 1),
        (SubstitutionRecommender(), 1),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_every_ion_that_was_seen_is_written_once(
    model: TuckerRecommender | CpRecommender | SvdCationRecommender, n_pictures: int
) -> None:
    vectors = model.fit(known_set(), space_of(3)).ion_vectors()
    figure = plot_factor_map(vectors, model.kind)
    assert len(figure.axes) == n_pictures
    for axes, role in zip(figure.axes, ("cations", "anions"), strict=False):
        symbols = [text.get_text() for text in axes.texts]
        assert len(symbols) == len(set(symbols)) == len(vectors[role].numbers)


def test_equal_models_give_equal_files(tmp_path: Path) -> None:
    model = TuckerRecommender((4, 3, 6)).fit(known_set(), space_of(3))
    for name in ("one.svg", "two.svg"):
        save(plot_factor_map(model.ion_vectors(), "both"), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_model_without_factors_has_no_map() -> None:
    with pytest.raises(ValueError, match="no factors"):
        plot_factor_map(PopularityRecommender().fit(known_set(), space_of(3)).ion_vectors())
    few = IonVectors(np.array([3, 11, 19, 37]), np.array([[1.0, 0], [0, 1], [0, 0], [0, 0]]))
    with pytest.raises(ValueError, match="three ions"):
        plot_factor_map({"cations": few})


def test_ions_of_one_direction_are_in_one_place() -> None:
    numbers = np.array([3, 11, 12, 20, 26])
    directions = GENERATOR.normal(size=(5, 4))
    directions[1] = 7 * directions[0]
    figure = plot_factor_map({"cations": IonVectors(numbers, directions)})
    first, second = (np.asarray(line.get_xydata(), dtype=float)[0] for line in figure.axes[0].lines[:2])
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_the_projection_is_that_of_scikit_learn() -> None:
    vectors = GENERATOR.normal(size=(30, 6))
    points, share = project(vectors)
    reference = PCA(2).fit(vectors)
    np.testing.assert_allclose(np.abs(points), np.abs(reference.transform(vectors)), atol=1e-10)
    np.testing.assert_allclose(share, reference.explained_variance_ratio_)
    assert (points[np.argmax(np.abs(points), axis=0), [0, 1]] > 0).all()
    flat, share = project(np.arange(4.0)[:, None])
    assert (flat[:, 1] == 0).all()
    assert share.tolist() == [1.0, 0.0]


def test_symbols_are_moved_apart_and_others_stay() -> None:
    places = np.array([[0.5, 0.5], [0.5, 0.5], [0.51, 0.5], [0.1, 0.9]])
    moved = spread(places, np.array([0.05, 0.04]))
    np.testing.assert_allclose(moved[3], places[3], atol=1e-4)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        apart = np.abs(moved[first] - moved[second])
        assert apart[0] > 0.045 or apart[1] > 0.036


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (3, "alkali metals"), (56, "alkaline earths"), (39, "rare earths"), (63, "rare earths"), (92, "actinides"),
        (22, "early transition metals"), (29, "late transition metals"), (31, "p-block metals"), (83, "p-block metals"),
        (8, "non-metals"), (54, "non-metals"), (72, "early transition metals"),
    ],
)  # fmt: skip
def test_families(number: int, expected: str) -> None:
    assert family(number) == expected
    assert expected in FAMILIES
