"""Structures as text: what ASE reads back is what was there."""

import io
import json

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read

from aiida_gbml.science.structure_files import from_extxyz, to_extxyz, to_plain
from aiida_gbml.science.structure_set import StructureSet, StructureSetError


def example() -> StructureSet:
    structures = StructureSet.from_ase(
        [bulk("Cu", cubic=True), bulk("NaCl", "rocksalt", a=5.64)],
        energy=[-14.0, np.nan],
        status=["ok", "failed"],
        reason=["", 'lost atoms: "3 of 8"\nsee log = file'],
    )
    fixed = np.zeros((6, 3), dtype=bool)
    fixed[:, :2] = True
    return structures.with_atom_columns(forces=np.arange(18.0).reshape(6, 3), fixed=fixed)


def test_ase_reads_the_same_structures_and_results() -> None:
    structures = example()
    first, second = read(io.StringIO(to_extxyz(structures)), index=":", format="extxyz")
    assert np.allclose(first.positions, structures.to_ase(0).positions)
    assert np.allclose(second.cell, structures.to_ase(1).cell)
    assert first.get_potential_energy() == -14.0
    assert np.allclose(second.get_forces(), [[12, 13, 14], [15, 16, 17]])
    assert np.array_equal(second.arrays["fixed"], structures.atom_columns["fixed"][4:])


def test_a_failed_row_has_a_reason_and_no_energy() -> None:
    second = read(io.StringIO(to_extxyz(example())), index=1, format="extxyz")
    assert second.info["status"] == "failed"
    assert "3 of 8" in second.info["reason"]
    assert "energy" not in second.info
    assert "energy" not in second.calc.results


def test_plain_values_are_valid_json() -> None:
    first, second = json.loads(json.dumps(to_plain(example()), allow_nan=False))
    assert first["numbers"] == [29] * 4
    assert first["energy"] == -14.0
    assert second["energy"] is None
    assert second["fixed"] == [[True, True, False]] * 2


def test_what_was_written_is_read_back() -> None:
    structures = example().with_columns(stress=np.arange(9.0).reshape(1, 3, 3) * np.ones((2, 1, 1)))
    symmetric = structures.columns["stress"] + structures.columns["stress"].transpose(0, 2, 1)
    structures = structures.with_columns(stress=symmetric)
    again = from_extxyz(to_extxyz(structures))
    assert np.allclose(again.positions, structures.positions)
    assert np.allclose(again.cells, structures.cells)
    assert np.array_equal(again.pbc, structures.pbc)
    assert np.allclose(again.columns["energy"], structures.columns["energy"], equal_nan=True)
    assert np.allclose(again.columns["stress"], structures.columns["stress"])
    assert np.allclose(again.atom_columns["forces"], structures.atom_columns["forces"])


def test_a_frame_without_results_has_nan() -> None:
    plain = '1\nPbc="F F F" Properties=species:S:1:pos:R:3\nCu 0 0 0\n'
    labelled = '1\nPbc="F F F" Properties=species:S:1:pos:R:3:forces:R:3 energy=-3.5\nCu 0 0 0 0 0 1\n'
    both = from_extxyz(plain + labelled)
    assert np.isnan(both.columns["energy"][0])
    assert both.columns["energy"][1] == -3.5
    assert np.isnan(both.atom_columns["forces"][0]).all()
    assert both.atom_columns["forces"][1].tolist() == [0, 0, 1]
    assert "energy" not in from_extxyz(plain).columns


@pytest.mark.parametrize("text", ["nonsense", "3\n\nCu 0 0 0\n", '1\nLattice="a b"\nCu 0 0 0\n'])
def test_text_that_is_no_extxyz_is_refused(text: str) -> None:
    with pytest.raises(StructureSetError, match="not a readable extended XYZ"):
        from_extxyz(text)
