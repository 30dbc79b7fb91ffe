"""Pictures show what they are given."""

import numpy as np
import pytest

from aiida_gbml.science.compounds.potential_surface.plots import plot_course, plot_path
from aiida_gbml.science.plot_style import save


def labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_a_path_shows_what_is_known_and_what_is_predicted(tmp_path):
    energies = np.array([0.0, 0.3, 0.5, 0.3, 0.0])
    known = np.array([True, False, True, False, True])
    figure = plot_path(np.arange(5.0), energies, known, np.where(known, 0.0, 0.02))
    assert labels(figure) == ["± 2 σ", "predicted", "evaluated", "bottleneck: 0.500 eV"]
    save(figure, tmp_path / "path.png")
    assert (tmp_path / "path.png").stat().st_size > 5000


def test_a_path_that_is_known_has_no_band():
    figure = plot_path(np.arange(3.0), np.array([0.0, 0.2, 0.0]), np.ones(3, dtype=bool), np.zeros(3))
    assert labels(figure) == ["evaluated", "bottleneck: 0.200 eV"]


@pytest.mark.parametrize("exhaustive", [None, 0.52])
def test_the_course_names_the_exhaustive_barrier_if_there_is_one(exhaustive, tmp_path):
    barriers = np.array([np.nan, 0.4, 0.51, 0.52])
    figure = plot_course(
        np.array([10, 14, 18, 22]), barriers, np.linspace(0, 1, 4), n_points=400, final=0.52, exhaustive=exhaustive
    )
    assert ("exhaustive, 400 evaluations: 0.520 eV" in labels(figure)) == (exhaustive is not None)
    assert "in the end: 0.520 eV" in labels(figure)
    save(figure, tmp_path / "course.svg")
