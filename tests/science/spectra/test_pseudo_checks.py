"""The numbers by which a core-hole dataset is judged, against cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_gbml.science.engines.ld1 import Level
from aiida_gbml.science.engines.upf import CoreOrbital, Upf
from aiida_gbml.science.spectra import pseudo_checks
from aiida_gbml.science.spectra.pseudo_checks import CheckError, Checks, verdict

ENERGIES = np.linspace(-4.0, 4.0, 401)


def dataset(mesh: np.ndarray, *orbitals: CoreOrbital) -> Upf:
    """Return a dataset with these core orbitals."""
    return Upf("H", "US", "PBE", 1.0, 0, "", mesh, (), (), orbitals, None, None)


def test_bound_levels_are_compared_and_those_of_the_box_are_not() -> None:
    levels = [Level("2S", 1, 0, 2.0, -1.0, -1.0003), Level("3D", 3, 2, 0.0, 0.0006, 0.1)]
    assert pseudo_checks.eigenvalue_difference(levels) == pytest.approx(3e-4)
    with pytest.raises(CheckError, match="no bound levels"):
        pseudo_checks.eigenvalue_difference(levels[1:])


def test_phases_are_compared_inside_the_window_and_across_poles() -> None:
    phase = np.pi / 4 + ENERGIES  # tan(phase) has poles in the window
    shift = np.where(np.abs(ENERGIES) < 2, 0.01, 1.0)
    exact, pseudo = np.tan(phase)[:, None], np.tan(phase + shift)[:, None]
    found = pseudo_checks.log_derivative_difference((ENERGIES, exact), (ENERGIES, pseudo))
    assert found == pytest.approx(1.0, abs=1e-9)  # the window ends on -2, where the shift is 1
    shift[:] = 0.01
    found = pseudo_checks.log_derivative_difference((ENERGIES, exact), (ENERGIES, np.tan(phase + shift)[:, None]))
    assert found == pytest.approx(0.01, abs=1e-9)


def test_derivatives_on_other_energies_are_refused() -> None:
    table = np.zeros((401, 3))
    with pytest.raises(CheckError, match="different energies"):
        pseudo_checks.log_derivative_difference((ENERGIES, table), (ENERGIES + 1, table))
    with pytest.raises(CheckError, match="window"):
        pseudo_checks.log_derivative_difference((ENERGIES + 9, table), (ENERGIES + 9, table))


def test_the_norm_of_the_hydrogen_atom_is_one() -> None:
    mesh = np.exp(np.linspace(-9.0, 4.0, 1000))
    upf = dataset(mesh, CoreOrbital(1, 0, 2 * mesh * np.exp(-mesh)))
    assert pseudo_checks.core_norm(upf, 1, 0) == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(CheckError, match="no core orbital n=2 l=1"):
        pseudo_checks.core_norm(upf, 2, 1)


def test_the_lattice_constant_of_a_birch_murnaghan_crystal_is_found() -> None:
    # E(V) of F. Birch, Phys. Rev. 71, 809 (1947), with a0 = 4 Å, B0 = 100 GPa = 0.624 eV/Å³, B0' = 4.
    constants = np.linspace(3.88, 4.12, 5)
    strain = (4.0 / constants) ** 2 - 1
    energies = -7.0 + 9 * 64 * 0.624 / 16 * (strain**3 * 4.0 + strain**2 * (6 - 4 * (strain + 1)))
    assert pseudo_checks.lattice_constant(constants.tolist(), energies.tolist()) == pytest.approx(4.0, abs=1e-4)


@pytest.mark.parametrize(
    ("constants", "energies"),
    [
        ([3.0, 4.0], [0.0, 1.0]),
        ([3.9, 4.0, 4.1, 4.2], [0.0, 1.0, 2.0, float("nan")]),
        ([3.9, 4.0, 4.1, 4.2, 4.3], [0.0, 1.0, 2.0, 3.0, 4.0]),
        ([3.9, 4.0, 4.1, 4.2, 4.3], [0.0, 1.0, 1.5, 1.0, 0.0]),
    ],
)
def test_no_lattice_constant_without_a_minimum(constants: list[float], energies: list[float]) -> None:
    with pytest.raises(CheckError):
        pseudo_checks.lattice_constant(constants, energies)


def test_a_good_set_passes_and_every_number_can_fail() -> None:
    good = {
        "level_error": 1e-5,
        "derivative_error": 0.002,
        "core_norm": 1.00003,
        "overlap": 0.4,
        "lattice_error": -0.0021,
        "relaxation": -27.0,
    }
    assert verdict(Checks()) == []
    assert verdict(Checks(**good)) == []
    bad = {"level_error": 0.1, "derivative_error": 0.1, "core_norm": 0.9, "overlap": -0.2, "lattice_error": 0.03}
    for name, value in {**bad, "relaxation": -1000.0}.items():
        assert len(verdict(Checks(**{**good, name: value}))) == 1
        assert len(verdict(Checks(**{**good, name: float("nan")}))) == 1
    assert verdict(Checks(**good, failures=("pw.x failed",))) == ["pw.x failed"]


def test_relaxation_is_the_difference_between_crystal_and_atom() -> None:
    assert pseudo_checks.relaxation(-113.7, -86.1) == pytest.approx(-27.6)
