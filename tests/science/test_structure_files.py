"""Structures as text: what ASE reads back is what was there."""

import io
import json

import numpy as np
from ase.build import bulk
from ase.io import read

from aiida_gbml.science.structure_files import to_extxyz, to_plain
from aiida_gbml.science.structure_set import StructureSet


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
