"""Bottlenecks against analytic surfaces and against a flood that fills the crystal step by step."""

import numpy as np
import pytest

from aiida_gbml.science.compounds.potential_surface.grid import GridError
from aiida_gbml.science.compounds.potential_surface.percolation import PeriodicGraph, neighbour_steps

SKEWED = np.array([[0.5, 0.0, 0.0], [-0.2, 0.6, 0.0], [0.1, 0.2, 0.7]])


def flood(graph, energies, level, start, axis=None):
    """Return whether a flood up to a level comes from a point to an image of it, tracking the cell that it is in."""
    steps = np.concatenate([neighbour_steps(graph.steps_for_tests), -neighbour_steps(graph.steps_for_tests)])
    divisions = graph.divisions
    reached, waiting = {}, [tuple(np.unravel_index(start, tuple(divisions)))]
    images = set()
    reached[waiting[0]] = np.zeros(3, dtype=int)
    while waiting:
        place = waiting.pop()
        for step in steps:
            further = np.array(place) + step
            cell, inside = np.floor_divide(further, divisions), tuple(further % divisions)
            if energies[np.ravel_multi_index(inside, tuple(divisions))] > level:
                continue
            total = reached[place] + cell
            if inside not in reached:
                reached[inside] = total
                waiting.append(inside)
            elif np.any(total != reached[inside]):
                images.add(tuple((total - reached[inside]).tolist()))
    return bool(images) if axis is None else any(image[axis] for image in images)


def make(divisions, steps):
    graph = PeriodicGraph(np.array(divisions), np.asarray(steps))
    graph.steps_for_tests = np.asarray(steps)
    return graph


def cosines(divisions, amplitudes):
    fractions = np.stack(np.meshgrid(*[np.arange(n) / n for n in divisions], indexing="ij"), axis=-1)
    return np.sum(np.cos(2 * np.pi * fractions) * amplitudes, axis=-1).ravel()


def test_barriers_of_a_separable_surface_are_those_of_its_directions():
    """From the minimum of sum a_i cos x_i the cheapest way along axis i crosses 2 a_i."""
    graph, energies = make((8, 10, 12), np.eye(3) * 0.4), cosines((8, 10, 12), [1.0, 2.0, 3.0])
    for axis, barrier in enumerate([2.0, 4.0, 6.0]):
        found = graph.bottleneck(energies, axis=axis)
        assert found.level - energies.min() == pytest.approx(barrier)
        assert found.winding[axis] != 0
    assert graph.bottleneck(energies).level == pytest.approx(-4.0)
    np.testing.assert_allclose(np.subtract(graph.levels_of_ranks(energies), energies.min()), [2.0, 4.0, 6.0])


def test_a_path_is_connected_and_leads_to_the_image():
    graph, energies = make((8, 10, 12), np.eye(3) * 0.4), cosines((8, 10, 12), [1.0, 2.0, 3.0])
    found = graph.bottleneck(energies, axis=1)
    places = np.stack(np.unravel_index(found.path, (8, 10, 12)), axis=-1)
    moves = np.diff(places, axis=0)
    moves -= np.rint(moves / graph.divisions).astype(int) * graph.divisions
    assert np.abs(moves).max() == 1
    np.testing.assert_array_equal(moves.sum(axis=0), found.winding * graph.divisions)
    assert found.path[0] == found.path[-1] == np.argmin(energies)
    assert energies[found.path].max() == found.level == energies[found.point]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("steps", [np.eye(3), SKEWED])
def test_random_surfaces_agree_with_a_flood(seed, steps):
    graph = make((4, 5, 6) if seed % 2 else (5, 5, 5), steps)
    energies = np.random.default_rng(seed).normal(size=np.prod(graph.divisions))
    start = int(np.argmin(energies))
    for axis in (None, 0, 1, 2):
        level = graph.bottleneck(energies, axis=axis).level
        assert flood(graph, energies, level, start, axis)
        assert not flood(graph, energies, np.nextafter(level, -np.inf), start, axis)


def test_where_it_is_looked_for_first_changes_nothing():
    graph = make((6, 6, 6), np.eye(3))
    energies = np.random.default_rng(7).normal(size=216)
    expected = graph.bottleneck(energies)
    for guess in (-9.0, expected.level, 0.5, 9.0):
        found = graph.bottleneck(energies, guess=guess)
        assert (found.level, found.point) == (expected.level, expected.point)


def test_a_deep_pit_has_to_be_left_first():
    """The lowest path of all runs along a channel, but an atom in a pit beside it pays for the way out as well."""
    energies = np.full((5, 5, 5), 9.0)
    energies[:, 0, 0] = 1.0
    energies[2, 2, 2], energies[2, 1, 1] = 0.0, 3.0
    graph = make((5, 5, 5), np.eye(3))
    channel = int(np.ravel_multi_index((0, 0, 0), (5, 5, 5)))
    assert graph.bottleneck(energies.ravel()).level == 3.0
    assert graph.bottleneck(energies.ravel(), start=channel).level == 1.0


def test_an_atom_in_a_cage_never_travels():
    energies = np.full((5, 5, 5), np.inf)
    energies[1:4, 1:4, 1:4] = 1.0
    graph = make((5, 5, 5), np.eye(3))
    assert graph.bottleneck(energies.ravel()) is None
    assert graph.levels_of_ranks(energies.ravel()) == [np.inf] * 3


def test_a_channel_leads_along_itself_only():
    energies = np.full((5, 5, 5), np.inf)
    energies[2, 2, :] = [0.0, 0.1, 0.7, 0.2, 0.1]
    graph = make((5, 5, 5), np.eye(3))
    assert graph.bottleneck(energies.ravel(), axis=2).level == 0.7
    assert graph.bottleneck(energies.ravel(), axis=0) is None
    assert graph.levels_of_ranks(energies.ravel()) == [0.7, np.inf, np.inf]


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        (np.eye(3), 26),
        ([[0, 1, 1], [1, 0, 1], [1, 1, 0]], 12 + 6),
        ([[-1, 1, 1], [1, -1, 1], [1, 1, -1]], 8 + 6),
        ([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1.6]], 8 + 12),
    ],
)
def test_neighbours_are_the_points_whose_voronoi_cells_touch(steps, count):
    """Cubes touch 26 others, rhombic dodecahedra 18, truncated octahedra 14, hexagonal prisms 20."""
    assert 2 * len(neighbour_steps(np.array(steps, dtype=float))) == count


def test_minima_are_lower_than_their_neighbours():
    graph, energies = make((8, 8, 8), np.eye(3) * 0.4), cosines((8, 8, 8), [1.0, 1.0, 1.0])
    found = graph.minima(energies)
    assert np.unravel_index(found, (8, 8, 8)) == (4, 4, 4)


def test_a_grid_that_is_too_coarse_is_refused():
    with pytest.raises(GridError, match="too coarse for paths"):
        PeriodicGraph(np.array([2, 5, 5]), np.eye(3))


def test_neighbours_do_not_depend_on_the_vectors_that_a_lattice_is_given_by():
    """Vectors of a skewed cell are far from the shortest ones of its lattice."""
    expected = neighbour_steps(SKEWED) @ SKEWED
    for given in ([[1, 0, 0], [4, 1, 0], [-3, 2, 1]], [[1, 5, -2], [0, 1, 0], [0, 7, 1]]):
        found = neighbour_steps(np.array(given) @ SKEWED) @ given @ SKEWED
        assert len(found) == len(expected)
        for vector in expected:
            assert np.min(np.abs(np.concatenate([found, -found]) - vector).max(axis=1)) < 1e-9
