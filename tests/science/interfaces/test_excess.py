"""Test excess quantities against cases done by hand."""

import numpy as np
import pytest
from scipy import constants

from aiida_gbml.science.interfaces.excess import (
    J_PER_M2,
    ExcessError,
    excess_energy,
    excess_energy_of_atoms,
    excess_volume,
    gamma_line,
)

BULK = {"bulk_energy": -14.0, "bulk_composition": {29: 4}}
MGO = {"bulk_energy": -12.0, "bulk_composition": {12: 1, 8: 1}}


def test_unit_is_that_of_the_si():
    assert pytest.approx(constants.e / constants.angstrom**2, rel=1e-12) == J_PER_M2


def test_excess_energy_of_two_boundaries():
    """10 atoms at -3.5 eV each and 0.5 eV of two boundaries of 20 Å²."""
    energy = excess_energy(-34.5, {29: 10}, **BULK, area=20.0)
    assert energy == pytest.approx(0.5 / 40 * J_PER_M2)
    assert excess_energy(-34.5, {29: 10}, **BULK, area=20.0, n_boundaries=1) == pytest.approx(2 * energy)


def test_excess_volume_of_two_boundaries():
    volume = excess_volume(130.0, {29: 10}, bulk_volume=48.0, bulk_composition={29: 4}, area=20.0)
    assert volume == pytest.approx((130 - 120) / 40)


@pytest.mark.parametrize("composition", [{12: 3, 8: 4}, {12: 3}, {12: 3, 8: 3, 26: 1}, {}])
def test_unstoichiometric_cells_have_no_single_energy(composition):
    with pytest.raises(ExcessError, match=r"is no multiple of the bulk .*use gamma_line"):
        excess_energy(-40.0, composition, **MGO, area=10.0)


@pytest.mark.parametrize(("area", "n_boundaries"), [(0.0, 2), (-1.0, 2), (10.0, 0)])
def test_a_boundary_has_an_area(area, n_boundaries):
    with pytest.raises(ExcessError, match="has no excess energy an area"):
        excess_energy(-24.0, {12: 2, 8: 2}, **MGO, area=area, n_boundaries=n_boundaries)


def test_gamma_line_of_an_oxide():
    """[E - N_M E_bulk - (N_O - N_M) mu_O] / (2 A)."""
    line = gamma_line(-40.0, {12: 3, 8: 4}, **MGO, area=10.0, reference=12)
    for potential in (-5.0, -4.2):
        expected = (-40.0 + 3 * 12.0 - potential) / 20 * J_PER_M2
        assert line.at({8: potential}) == pytest.approx(expected)


def test_gamma_does_not_depend_on_the_reference_element():
    """With mu_Mg + mu_O = E_bulk both lines are the same function."""
    lines = [gamma_line(-40.0, {12: 3, 8: 4}, **MGO, area=10.0, reference=number) for number in (8, 12)]
    assert lines[0].at({12: -12.0 + 5.0}) == pytest.approx(lines[1].at({8: -5.0}))


def test_gamma_of_a_stoichiometric_cell_is_flat():
    line = gamma_line(-35.5, {12: 3, 8: 3}, **MGO, area=10.0)
    assert line.at({}) == pytest.approx(excess_energy(-35.5, {12: 3, 8: 3}, **MGO, area=10.0))


def test_gamma_needs_the_potentials_of_what_is_in_excess():
    with pytest.raises(ExcessError, match="no chemical potential is given for the element O1"):
        gamma_line(-40.0, {12: 3, 8: 4}, **MGO, area=10.0, reference=12).at({})


def test_foreign_elements_are_refused():
    with pytest.raises(ExcessError, match="elements that the bulk lacks"):
        gamma_line(-40.0, {12: 3, 8: 3, 26: 1}, **MGO, area=10.0)


def test_energies_of_atoms_leave_out_the_surfaces():
    """Two atoms at the boundary are 0.2 eV above the bulk; the surface atoms at 9 Å do not count."""
    energies = np.array([-3.0, -3.5, -3.3, -3.3, -3.5, -3.0])
    distances = np.array([-9.0, -4.0, -1.0, 1.0, 4.0, 9.0])
    for radius in (2.0, 6.0):
        energy = excess_energy_of_atoms(
            energies, np.full(6, 29), distances, bulk_energies={29: -3.5}, radius=radius, area=8.0
        )
        assert energy == pytest.approx(0.4 / 8 * J_PER_M2)
