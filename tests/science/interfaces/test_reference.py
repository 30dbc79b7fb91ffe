"""Excess energies and volumes of evaluated sets, against other routes to the same numbers."""

import numpy as np
import pytest
from ase.build import bulk, fcc111
from searches import BOUNDARY, J_PER_M2, emt

from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.problem import SearchProblem, standard_bulk
from aiida_gbml.science.interfaces.reference import BulkReference, BulkReferenceError, with_excess
from aiida_gbml.science.structure_set import FAILED, OK, StructureSet

SPACE = SearchSpace(thickness=5.0)


@pytest.fixture
def copper(reference):
    return BulkReference.from_evaluated(reference)


def test_the_reference_holds_what_the_engine_gave(reference, copper):
    assert copper.composition == {29: 4}
    assert copper.volume == pytest.approx(3.615**3)
    assert copper.energy == reference.columns["energy"][0]
    assert copper.atom_energies[29] == pytest.approx(copper.energy / 4)


def test_a_failed_crystal_is_no_reference(reference):
    failed = reference.with_columns(status=[FAILED])
    with pytest.raises(BulkReferenceError, match="its evaluation failed"):
        BulkReference.from_evaluated(failed)


def test_a_perfect_crystal_has_no_excess(copper):
    cells = emt(StructureSet.from_ase([bulk("Cu", a=3.615) * (2, 3, 4), bulk("Cu", a=3.615, cubic=True)]))
    columns = with_excess(cells, copper, SPACE).columns
    np.testing.assert_allclose(columns["excess_energy"], 0, atol=1e-9)
    np.testing.assert_allclose(columns["excess_volume"], 0, atol=1e-9)


def test_a_strained_crystal_has_the_volume_of_its_strain(copper):
    """Stretched by 1 % along c: half the height times 0.01 at each of two boundaries."""
    atoms = bulk("Cu", a=3.615, cubic=True) * (1, 1, 5)
    atoms.set_cell(atoms.cell * [[1], [1], [1.01]], scale_atoms=True)
    columns = with_excess(emt(StructureSet.from_ase([atoms])), copper, SPACE).columns
    assert columns["excess_volume"][0] == pytest.approx(0.01 * 5 * 3.615 / 2)


def test_energies_are_those_of_the_atoms_in_excess(evaluated, copper):
    """The sum over atoms is another route to the energy of the cell."""
    for row in range(0, len(evaluated), 7):
        own = evaluated.atoms_of(row)
        excess = np.sum(evaluated.atom_columns["energies"][own] - copper.atom_energies[29])
        area = abs(np.linalg.det(evaluated.cells[row][:2, :2]))
        assert evaluated.columns["excess_energy"][row] == pytest.approx(J_PER_M2 * excess / (2 * area), rel=1e-9)


def test_the_gap_is_the_excess_volume_of_what_is_not_relaxed(evaluated):
    np.testing.assert_allclose(evaluated.columns["excess_volume"], evaluated.columns["gap"], atol=1e-6)


def test_rows_that_no_engine_has_seen_have_failed(problem, candidates, copper):
    proposal = problem.build(candidates, [0, 1])
    columns = with_excess(proposal, copper, problem.space).columns
    assert columns["status"].tolist() == [FAILED, FAILED]
    assert columns["reason"][0] == "not evaluated: the engine ended without a result"
    assert np.all(np.isnan(columns["excess_energy"]))


def test_reasons_of_the_engine_are_kept(evaluated, copper):
    status, reason = evaluated.columns["status"].copy(), evaluated.columns["reason"].astype("U20")
    status[1], reason[1] = FAILED, "lost atoms"
    columns = with_excess(evaluated.with_columns(status=status, reason=reason), copper, SPACE).columns
    assert (columns["status"][1], columns["reason"][1]) == (FAILED, "lost atoms")
    assert np.isnan(columns["excess_energy"][1])
    assert np.isfinite(np.delete(columns["excess_energy"], 1)).all()


def test_a_failure_without_a_reason_is_given_one(evaluated, copper):
    status = evaluated.columns["status"].copy()
    status[1] = FAILED
    columns = with_excess(evaluated.with_columns(status=status), copper, SPACE).columns
    assert columns["reason"][1] == "failed, and the engine does not say why"


def test_a_structure_of_another_composition_has_no_excess_energy(copper):
    alloy = StructureSet.from_ase([bulk("Au")], energy=[0.0], status=[OK], reason=[""])
    columns = with_excess(alloy, copper, SPACE).columns
    assert columns["status"].tolist() == [FAILED]
    assert "Au1" in columns["reason"][0]


def test_the_atoms_around_the_boundary_of_a_slab_give_the_energy_of_a_periodic_cell(reference, copper):
    """The surfaces are left out, and the vacuum has no volume."""
    energies = {}
    for geometry in ("periodic", "slab"):
        space = {"thickness": 18.0, "geometry": geometry, "gaps": [0.5]}
        problem = SearchProblem.from_inputs(reference, BOUNDARY, space)
        structures = emt(problem.build(problem.candidates(), [0, 5, 9]))
        columns = with_excess(structures, copper, problem.space).columns
        energies[geometry] = columns["excess_energy"]
        assert np.all(np.isnan(columns["excess_volume"])) == (geometry == "slab")
    np.testing.assert_allclose(energies["slab"], energies["periodic"], atol=2e-3)


@pytest.mark.parametrize(
    ("thickness", "has_energies", "message"),
    [(10.0, True, "thicker than 12.0 Å, got 10.0 Å"), (15.0, False, "energies of its atoms, which this engine does")],
)
def test_a_slab_that_cannot_be_told_from_its_surfaces_has_failed(copper, thickness, has_energies, message):
    slab = emt(StructureSet.from_ase([fcc111("Cu", (1, 1, 4), a=3.615, vacuum=8)], boundary_height=[12.0]))
    if not has_energies:
        columns = {name: slab.columns[name] for name in slab.columns}
        slab = StructureSet(slab.cells, slab.pbc, slab.offsets, slab.numbers, slab.positions, columns)
    columns = with_excess(slab, copper, SearchSpace(geometry="slab", thickness=thickness)).columns
    assert columns["status"].tolist() == [FAILED]
    assert message in columns["reason"][0]


def test_compounds_have_one_energy_an_element():
    rocksalt = standard_bulk(bulk("MgO", "rocksalt", a=4.212))
    numbers = rocksalt.numbers
    stored = rocksalt.with_columns(energy=[-40.0], status=[OK]).with_atom_columns(
        energies=np.where(numbers == 8, -7.0, -3.0)
    )
    assert BulkReference.from_evaluated(stored).atom_energies == {8: -7.0, 12: -3.0}
