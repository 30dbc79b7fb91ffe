"""Tests of aiida_gbml.science.spectra.table."""

import numpy as np
import pytest

from aiida_gbml.science.spectra.table import (
    SpectraError,
    SpectraTable,
    concatenate,
    table_from_rows,
    tables_from_rows,
    weighted_spectra,
)


def line(energy):
    """Return a straight line, which linear interpolation keeps."""
    return 3 + 0.5 * energy


def row(first=280.03, last=290.0, spacing=0.07, **columns):
    energy = np.arange(first, last, spacing)
    return {"element": "C", "edge": "K", "energy": energy, "intensity": line(energy), **columns}


def test_rows_come_onto_one_grid_of_multiples_of_the_step():
    table = table_from_rows([row(280.03), row(285.0, 296.0)], 0.1)
    assert table.key == "C_K"
    assert table.step == 0.1
    assert np.allclose(table.energy / 0.1, np.round(table.energy / 0.1), atol=1e-9)
    assert table.energy[[0, -1]] == pytest.approx([280.1, 295.9])
    for intensity, low, high in zip(table.intensity, (280.03, 285.0), (290.0, 296.0), strict=True):
        known = np.isfinite(intensity)
        assert np.array_equal(known, (table.energy >= low - 1e-9) & (table.energy <= high - 0.07))
        assert np.allclose(intensity[known], line(table.energy[known]))


def test_a_failed_row_keeps_its_reason_and_has_no_values():
    lost = {
        "element": "C",
        "edge": "K",
        "energy": None,
        "intensity": None,
        "site": 1,
        "reason": "SCF did\nnot " + "x" * 999,
    }
    table = table_from_rows([row(site=0, multiplicity=3, transition_energy=288.0), lost], 0.1)
    assert table.failed.tolist() == [False, True]
    assert table.columns["status"].tolist() == ["ok", "failed"]
    assert table.columns["reason"][0] == ""
    assert table.columns["reason"][1].startswith("SCF did not xxx")
    assert len(table.columns["reason"][1]) == 300
    assert np.isnan(table.intensity[1]).all()
    assert np.isnan(table.columns["transition_energy"][1])
    assert table.columns["multiplicity"].tolist()[0] == 3


def test_failed_rows_alone_make_a_table_that_others_join():
    lost = table_from_rows([{"element": "C", "edge": "K", "reason": "lost", "site": 4}], 0.1)
    assert lost.intensity.shape == (1, 0)
    (joined,) = concatenate([lost, table_from_rows([row(formula="CH4")], 0.1)])
    assert joined.failed.tolist() == [True, False]
    assert joined.columns["formula"].tolist() == ["", "CH4"]
    assert np.isnan(joined.intensity[0]).all()
    (empty,) = concatenate([lost, lost])
    assert empty.intensity.shape == (2, 0)


def test_rows_of_several_edges_make_several_tables():
    rows = [{**row(), "element": element, "edge": edge} for element, edge in (("Si", "L23"), ("C", "K"), ("Si", "L23"))]
    assert [(table.key, len(table)) for table in tables_from_rows(rows, 0.1)] == [("C_K", 1), ("Si_L23", 2)]
    with pytest.raises(SpectraError, match="one element and edge"):
        table_from_rows(rows, 0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edge": "M4"}, "no element and edge"),
        ({"element": "carbon"}, "no element and edge"),
        ({"energy": np.array([1.0, 1.0]), "intensity": np.ones(2)}, "finite and rise"),
        ({"energy": np.array([1.0, np.nan]), "intensity": np.ones(2)}, "finite and rise"),
        ({"energy": np.array([1.0]), "intensity": np.ones(1)}, "intensities at"),
        ({"energy": np.array([1.0, 2.0]), "intensity": np.ones(3)}, "intensities at"),
        ({"energy": np.array([1.0, 1e9]), "intensity": np.ones(2)}, "do not fit on one axis"),
        ({"Name": 1}, "lower case"),
        ({"place": [1, 2]}, "plain values"),
    ],
)
def test_rows_that_are_none_are_refused(change, message):
    with pytest.raises(SpectraError, match=message):
        table_from_rows([{**row(), **change}], 0.1)


def test_no_rows_and_no_step_are_refused():
    with pytest.raises(SpectraError, match="no row"):
        table_from_rows([], 0.1)
    with pytest.raises(SpectraError, match="must be positive"):
        table_from_rows([row()], 0.0)


def test_joining_keeps_every_row_on_the_union_of_the_axes():
    first, second = table_from_rows([row(site=3)], 0.1), table_from_rows([row(300, 310, site=4, note="high")], 0.1)
    (joined,) = concatenate([first, second])
    assert joined.energy[0] == first.energy[0]
    assert joined.energy[-1] == pytest.approx(second.energy[-1])
    assert np.array_equal(joined.intensity[0, : len(first.energy)], first.intensity[0])
    assert np.array_equal(joined.intensity[1, -len(second.energy) :], second.intensity[0])
    assert np.isnan(joined.intensity[0, len(first.energy) :]).all()
    assert joined.columns["site"].tolist() == [3, 4]
    assert joined.columns["note"].tolist() == ["", "high"]
    assert concatenate([joined])[0] is joined


def test_what_a_table_lacks_is_blank_when_joined():
    first = table_from_rows([row(site=3, is_bulk_reference=True)], 0.1)
    (joined,) = concatenate([first, table_from_rows([row()], 0.1)])
    assert joined.columns["is_bulk_reference"].tolist() == [True, False]
    assert joined.columns["site"][0] == 3
    assert np.isnan(joined.columns["site"][1])


def test_axes_of_different_steps_do_not_join():
    with pytest.raises(SpectraError, match=r"steps of 0\.1 and 0\.2 eV cannot be joined"):
        concatenate([table_from_rows([row()], 0.1), table_from_rows([row()], 0.2)])


def test_edges_that_are_far_apart_do_not_join():
    with pytest.raises(SpectraError, match="are no one edge"):
        concatenate([table_from_rows([row(0, 10)], 0.1), table_from_rows([row(2e4, 2.001e4)], 0.1)])


def test_a_mean_is_known_where_all_its_parts_are():
    table = table_from_rows([row(280, 290), row(285, 295)], 0.1)
    known = table.energy[np.isfinite(weighted_spectra(table).intensity[0])]
    assert known[[0, -1]] == pytest.approx([285, 289.9])


def test_every_structure_and_treatment_has_its_mean():
    sites = [("b", "full", 1), ("a", "full", 2), ("b", "full", 3), ("a", "none", 1)]
    rows = [row(structure_uuid=s, treatment=t, multiplicity=m, formula=s.upper()) for s, t, m in sites]
    lost = {"element": "C", "edge": "K", "structure_uuid": "a", "treatment": "none", "formula": "A", "multiplicity": 9}
    means = weighted_spectra(table_from_rows([*rows, lost], 0.1))
    assert means.columns["structure_uuid"].tolist() == ["b", "a", "a"]
    assert means.columns["treatment"].tolist() == ["full", "full", "none"]
    assert means.columns["n_sites"].tolist() == [2, 1, 1]
    assert means.columns["multiplicity"].tolist() == [4, 2, 1]
    assert means.columns["complete"].tolist() == [True, True, False]
    assert np.allclose(means.intensity, line(means.energy), equal_nan=False)


def test_spectra_under_different_settings_have_means_of_their_own():
    table = table_from_rows([row(structure_uuid="a", settings_md5=key) for key in ("coarse", "fine")], 0.1)
    means = weighted_spectra(table)
    assert means.columns["settings_md5"].tolist() == ["coarse", "fine"]
    assert means.columns["multiplicity"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("polarisation", "multiplicity", "complete"),
    [("powder", 2, True), ("", 2, True), ("along (0 0 1)", 1, True), ("along (0 0 1)", 2, False)],
)
def test_one_atom_in_given_directions_is_not_all_its_equivalent_ones(polarisation, multiplicity, complete):
    given = {"structure_uuid": "a", "polarisation": polarisation, "multiplicity": multiplicity}
    table = table_from_rows([row(**given), row(structure_uuid="a", polarisation="powder", multiplicity=3)], 0.1)
    assert table.is_of_all.tolist() == [complete, True]
    assert weighted_spectra(table).columns["complete"].tolist() == [complete]


@pytest.mark.parametrize(
    ("alignments", "is_absolute"), [([], True), (["transition_energy"], True), (["transition_energy", "fermi"], False)]
)
def test_an_axis_is_absolute_when_all_of_its_spectra_are(alignments, is_absolute):
    lost = {"element": "C", "edge": "K", "reason": "lost"}
    rows = [row(alignment=alignment) for alignment in alignments] or [row()]
    assert table_from_rows([*rows, lost], 0.1).is_absolute is is_absolute


def test_rows_are_taken_in_the_order_given():
    table = table_from_rows([row(site=number) for number in range(4)], 0.1)
    assert table.take([3, 1]).columns["site"].tolist() == [3, 1]
    assert table.take(slice(1, 3)).columns["site"].tolist() == [1, 2]
    assert len(table.take([])) == 0
    assert len(weighted_spectra(table.take([]))) == 0


@pytest.mark.parametrize(
    ("energy", "shape", "message"),
    [
        (np.array([0.0, 0.1, 0.3]), (1, 3), "integer multiples"),
        (np.array([0.05, 0.15]), (1, 2), "integer multiples"),
        (np.array([0.2, 0.1]), (1, 2), "integer multiples"),
        (np.array([0.0, np.inf]), (1, 2), "finite"),
        (np.array([0.0, 0.1]), (1, 3), "do not fit an axis"),
    ],
)
def test_axes_that_are_no_grid_are_refused(energy, shape, message):
    with pytest.raises(SpectraError, match=message):
        SpectraTable("C", "K", energy, np.zeros(shape))
