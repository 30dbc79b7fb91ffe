"""Tests of aiida_gbml.science.structure_set."""

import re
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule
from pymatgen.core import Lattice, Structure

from aiida_gbml.science.structure_set import StructureSet, StructureSetError, concatenate, put_rows

ATOMS = [bulk("Cu"), fcc111("Al", (1, 1, 3), vacuum=5.0), molecule("H2O")]


@pytest.fixture
def three():
    return StructureSet.from_ase(ATOMS, energy=[1.0, 2.0, 3.0], label=["a", "bb", "c"]).with_atom_columns(
        forces=np.arange(21.0).reshape(7, 3)
    )


def assert_same(one, other):
    assert one.to_bytes() == other.to_bytes()


def test_structures_are_what_ase_had(three):
    assert len(three) == 3
    assert three.sizes.tolist() == [1, 3, 3]
    for mine, original in zip(three, ATOMS, strict=True):
        assert mine == original  # ASE compares positions, numbers, cell and periodicity


def test_bytes_hold_everything(three):
    assert_same(StructureSet.from_bytes(three.to_bytes()), three)
    assert StructureSet.from_bytes(three.to_bytes()).columns["label"].tolist() == ["a", "bb", "c"]


def test_an_empty_set_is_a_set():
    empty = StructureSet.from_ase([])
    assert len(StructureSet.from_bytes(empty.to_bytes())) == 0
    assert len(concatenate([empty, empty])) == 0
    assert empty.rows("new").tolist() == []


def test_taken_rows_keep_their_columns(three):
    taken = three.take([2, 0])
    assert taken.columns["label"].tolist() == ["c", "a"]
    assert taken.to_ase(0) == ATOMS[2]
    assert np.array_equal(taken.atom_columns["forces"], three.atom_columns["forces"][[4, 5, 6, 0]])


def test_joined_sets_are_their_rows_in_order(three):
    assert_same(concatenate([three.take([0]), three.take([1, 2])]), three)
    assert set(concatenate([three, three.with_columns(extra=[1, 2, 3])]).columns) == {"energy", "label"}
    with pytest.raises(StructureSetError, match="no structure sets"):
        concatenate([])


def test_rows_put_back_replace_geometry_and_columns(three):
    part = replace(three.take([2, 0]), positions=three.take([2, 0]).positions + 1.0)
    part = part.with_columns(label=["a much longer label", "z"])
    whole = put_rows(three, [2, 0], part)
    assert whole.columns["label"].tolist() == ["z", "bb", "a much longer label"]
    assert np.allclose(whole.positions - three.positions, [[1.0]] + 3 * [[0.0]] + 3 * [[1.0]])
    assert_same(put_rows(three, [1, 2], three.take([1, 2])), three)


def test_rows_of_another_kind_are_not_put_in(three):
    with pytest.raises(StructureSetError, match="other numbers of atoms"):
        put_rows(three, [0], three.take([1]))
    with pytest.raises(StructureSetError, match="lack the column 'label'"):
        put_rows(three, [0], StructureSet.from_ase(ATOMS[:1], energy=[1.0]))


def test_rows_are_found_by_their_status(three):
    assert three.rows("new").tolist() == [0, 1, 2]
    mixed = three.with_columns(status=["ok", "failed", "ok"])
    assert mixed.rows("ok").tolist() == [0, 2]
    assert mixed.rows("new").tolist() == []


def test_pymatgen_and_back(three):
    slab = three.to_pymatgen(1)
    assert slab.lattice.pbc == (True, True, False)
    again = StructureSet.from_pymatgen([three.to_pymatgen(0), slab], energy=[1.0, 2.0])
    assert np.allclose(again.positions, three.positions[:4])
    assert np.allclose(again.cells, three.cells[:2])
    assert again.columns["energy"].tolist() == [1.0, 2.0]


def test_partial_occupancies_are_refused():
    alloy = Structure(Lattice.cubic(3.6), [{"Cu": 0.5, "Ni": 0.5}], [[0, 0, 0]])
    with pytest.raises(ValueError, match="ordered"):
        StructureSet.from_pymatgen([alloy])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": np.zeros((2, 3, 3))}, "'pbc' has the shape (3, 3), expected (2, 3)"),
        ({"offsets": np.array([0, 1, 1, 7])}, "must rise from 0"),
        ({"offsets": np.array([0, 1, 4, 6])}, "must rise from 0"),
        ({"numbers": np.zeros(7, dtype=int)}, "no atomic number"),
        ({"numbers": np.full(7, 119)}, "no atomic number"),
        ({"positions": np.full((7, 3), np.nan)}, "must be finite"),
        ({"columns": {"energy": np.zeros(2)}}, "column 'energy' has the shape (2,), expected 3 rows"),
        ({"atom_columns": {"forces": np.zeros(())}}, "column 'forces' has the shape (), expected 7 rows"),
        ({"columns": {"status": np.array(["ok", "good", "ok"])}}, "unknown status 'good'"),
        ({"columns": {"status": np.array(["ok"] * 3)}}, "no finite energy"),
        ({"columns": {"status": np.array(["ok"] * 3), "energy": np.array([1, np.inf, 2])}}, "no finite energy"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_words(three, changes, message):
    with pytest.raises(StructureSetError, match=re.escape(message)):
        replace(three, **changes)


def test_damaged_bytes_are_refused(three):
    with pytest.raises(StructureSetError, match="not a readable array archive"):
        StructureSet.from_bytes(three.to_bytes()[:-40])
    with pytest.raises(StructureSetError, match="lacks the arrays cells, pbc"):
        StructureSet.from_bytes(b"PK\5\6" + b"\0" * 18)
