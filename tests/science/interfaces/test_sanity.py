"""Test the sanity report of candidates."""

import pytest
from ase import Atoms

from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.sanity import OverlapError, closest_pair, lattice_mismatch, report

MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212, {"Mg": 2, "O": -2})
BICRYSTAL = Bicrystal(MGO, Boundary.from_sigma(5, (0, 0, 1), (3, 1, 0)))
TWIN = Bicrystal(MGO, Boundary.from_sigma(3, (1, -1, 0), (1, 1, 1)))


def test_report_of_a_sane_candidate():
    """Without a gap a cell of whole lattice planes has the density of periclase, 3.58 g/cm³."""
    sane = report(BICRYSTAL.build((1.0, 0.5)), BICRYSTAL)
    assert sane.density == pytest.approx(3.58, abs=0.01)
    assert sane.density_ratio == pytest.approx(1.0)
    assert sane.stoichiometric
    assert sane.net_charge == 0
    assert sane.composition["Mg"] == sane.composition["O"] == sane.n_atoms / 2
    assert sane.lattice_mismatch == pytest.approx(0, abs=1e-12)


def test_slab_density_leaves_out_the_vacuum():
    slab = Bicrystal(MGO, BICRYSTAL.boundary, geometry="slab")
    assert report(slab.build((0, 0)), slab).density_ratio == pytest.approx(1.0, abs=1e-6)


def test_closest_pair_is_named():
    atoms = Atoms("MgOMg", positions=[(0, 0, 0), (0, 0, 1.5), (0, 0, 4.0)], cell=[9, 9, 9], pbc=True)
    distance, pair = closest_pair(atoms, 3.0)
    assert (distance, pair) == (pytest.approx(1.5), ("Mg", "O"))
    with pytest.raises(ValueError, match=r"closer than 1.00 Å"):
        closest_pair(atoms, 1.0)


def test_overlap_is_refused_with_a_remedy():
    close = report(BICRYSTAL.build((0.0, 0.0)), BICRYSTAL)
    assert close.distance_ratio < 0.7
    close.check(0.3)
    with pytest.raises(OverlapError, match=r"Å apart, .* less than the allowed 0.7; use a larger gap"):
        close.check(0.7)


def test_charged_cells_are_told():
    unbalanced = report(TWIN.build((0.7, 0.3), 0.8, termination=1), TWIN)
    assert not unbalanced.stoichiometric
    assert abs(unbalanced.net_charge) >= 2


def test_a_strained_cell_shows_its_mismatch():
    atoms = BICRYSTAL.build((1.0, 0.5))
    atoms.set_cell(atoms.cell.array * [[1.02], [1.0], [1.0]], scale_atoms=True)
    assert lattice_mismatch(atoms, BICRYSTAL) == pytest.approx(0.02)
