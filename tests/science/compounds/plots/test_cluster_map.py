"""Maps of families of compounds."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from aiida_gbml.science.compounds.clustering import ClusterSettings, cluster
from aiida_gbml.science.compounds.plots.cluster_map import plot_cluster_map
from aiida_gbml.science.plot_style import BLACK

GENERATOR = np.random.default_rng(2)
MATRIX = np.concatenate([GENERATOR.normal(centre, 0.3, (20, 3)) for centre in ([0, 0, 0], [4, 0, 1], [0, 4, 2])])
NAMES = [f"compound {row}" for row in range(60)]


def test_every_compound_is_drawn_in_its_group_and_the_criterion_beside() -> None:
    found = cluster(MATRIX, ["a", "b", "c"], ClusterSettings(most_clusters=5))
    figure = plot_cluster_map(found, NAMES)
    groups = [line for line in figure.axes[0].lines if str(line.get_label()).startswith("group")]
    assert [len(line.get_xdata()) for line in groups] == [20, 20, 20]
    assert f"like {NAMES[found.nearest[0][0]]}" in str(groups[0].get_label())
    assert "first component" in figure.axes[0].get_xlabel()
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), [found.silhouettes[n] for n in range(2, 6)])


def test_a_given_number_of_groups_has_no_criterion_and_one_component_is_enough() -> None:
    found = cluster(MATRIX[:, :1], ["a"], ClusterSettings(n_clusters=2))
    assert len(plot_cluster_map(found, NAMES).axes) == 1


def test_names_of_centres_neither_overlap_nor_leave_the_picture() -> None:
    """Three groups beside each other on a line, whose names are as long as half of it."""
    matrix = np.concatenate([GENERATOR.normal(centre, 0.05, (20, 2)) for centre in ([0, 0], [0.7, 0], [1.4, 0])])
    found = cluster(matrix, ["a", "b"], ClusterSettings(n_clusters=3))
    figure = plot_cluster_map(found, [f"a compound of a long name {row:02d}" for row in range(60)])
    FigureCanvasAgg(figure).draw()
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    marks = [line for line in figure.axes[0].lines if line.get_markeredgecolor() == BLACK]
    places = [figure.axes[0].transData.transform(line.get_xydata()[0]) for line in marks]
    assert len(places) == 3
    assert not any(box.contains(*place) for box in boxes for place in places)
