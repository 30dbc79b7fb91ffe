"""Estimated costs against measured ones, and how they grow."""

from __future__ import annotations

import pytest

from aiida_gbml.science.spectra.cost import Cell, plane_waves, site_seconds

MAGNESIA = Cell(volume=154.0, n_electrons=64, cutoff=32.0, n_kpoints=1, n_spectrum_kpoints=1)
"""Sixteen atoms."""


def test_plane_waves_are_those_of_a_sphere() -> None:
    """A cube of 10 bohr at 4 Ry: a sphere of radius 2 holds 4/3 pi 8 (10 / 2 pi)³ vectors."""
    assert plane_waves(1000 * 0.529177210903**3, 4.0) == pytest.approx(135.09, rel=1e-3)


@pytest.mark.parametrize(
    ("cell", "scf", "spectrum"),
    [
        (MAGNESIA, 7.9, 2.0),
        (Cell(19.3, 8, 32.0, n_kpoints=3, n_spectrum_kpoints=27), 1.0, 8.5),
        (Cell(113.0, 48, 32.0, n_kpoints=1, n_spectrum_kpoints=1), 7.3, 3.6),
        (Cell(343.0, 8, 32.0, n_kpoints=1, n_spectrum_kpoints=1), 4.0, 1.6),
    ],
)
def test_measured_runs_are_within_a_factor_of_three(cell: Cell, scf: float, spectrum: float) -> None:
    """CPU seconds of single runs on one core: MgO with 16 and with 2 atoms, quartz, methane."""
    assert 1 / 3 < cell.scf_seconds / scf < 3
    assert 1 / 3 < cell.spectrum_seconds(1) / spectrum < 3


def test_each_treatment_and_polarisation_adds_its_runs() -> None:
    full = site_seconds(MAGNESIA, ["full"], 1)
    both = site_seconds(MAGNESIA, ["none", "full"], 1)
    assert both - full == pytest.approx(MAGNESIA.spectrum_seconds(1))
    assert full - site_seconds(MAGNESIA, ["full"], 1, is_absolute=False) == pytest.approx(2 * MAGNESIA.scf_seconds)
    assert site_seconds(MAGNESIA, ["full"], 3) > full
