"""Tests of aiida_gbml.data.spectra_dataset."""

import json

import numpy as np
import pytest
from aiida import orm

from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.dataset import SpectraError, SpectraTable, tables_from_rows

pytestmark = pytest.mark.usefixtures("aiida_profile")

ENERGY = np.arange(280, 300, 0.05)


@pytest.fixture
def tables():
    row = {"energy": ENERGY, "intensity": np.exp(-((ENERGY - 288) ** 2)), "treatment": "full"}
    rows = [
        {"element": "C", "edge": "K", **row, "formula": "CH4", "structure_uuid": "a", "site": 0},
        {"element": "C", "edge": "K", **row, "formula": "C2H6", "structure_uuid": "b", "site": 0},
        {"element": "C", "edge": "K", **row, "formula": "CH4", "structure_uuid": "a", "treatment": "none", "site": 0},
        {"element": "C", "edge": "K", "reason": "lost", "formula": "CH4", "structure_uuid": "a", "site": 1},
        {"element": "Si", "edge": "L23", **row, "formula": "SiO2", "structure_uuid": "c", "site": 0},
    ]
    return tables_from_rows(rows, 0.1)


def test_a_database_survives_the_database(tables):
    node = orm.load_node(SpectraDatasetData(tables).store().pk)
    assert isinstance(node, SpectraDatasetData)
    assert len(node) == 5
    for again, table in zip(node.tables, tables, strict=True):
        assert again.key == table.key
        assert np.array_equal(again.intensity, table.intensity, equal_nan=True)
        assert again.columns["reason"].tolist() == table.columns["reason"].tolist()
    with node.open() as spectra:
        assert np.array_equal(spectra.rows("C_K", [1]), tables[0].intensity[[1]], equal_nan=True)
        with pytest.raises(SpectraError, match="no spectra of 'O_K'"):
            spectra.rows("O_K")


def test_databases_are_found_by_their_attributes(tables):
    node = SpectraDatasetData(tables).store()
    expected = {
        "n_spectra": 5,
        "n_failed": 1,
        "n_structures": 3,
        "n_formulas": 3,
        "formulas": ["CH4", "C2H6", "SiO2"],
        "spectra": ["C_K", "Si_L23"],
        "elements": ["C", "Si"],
        "edges": ["K", "L23"],
        "treatments": ["full", "none"],
        "n_C_K": 4,
        "n_Si_L23": 1,
        "energy_min_C_K": 280.0,
        "energy_max_C_K": 299.9,
        "step_C_K": 0.1,
    }
    assert expected.items() <= node.base.attributes.all.items()
    filters = {"attributes.spectra": {"contains": ["C_K"]}, "attributes.formulas": {"contains": ["CH4"]}, "id": node.pk}
    assert orm.QueryBuilder().append(SpectraDatasetData, filters=filters).count() == 1


def test_equal_databases_have_equal_hashes(tables):
    node = SpectraDatasetData(tables).store()
    again = SpectraDatasetData.from_content(node.content).store()
    assert again.base.caching.get_hash() == node.base.caching.get_hash()


def test_a_database_in_parts_is_the_same_database(tables):
    parts = [tables[1], tables[0].take([0, 1]), tables[0].take([2, 3])]
    assert SpectraDatasetData(parts).content == SpectraDatasetData(tables).content


def test_a_packed_repository_is_read(tables):
    node = SpectraDatasetData(tables).store()
    node.backend.maintain(full=True)
    with orm.load_node(node.pk).open() as spectra:
        assert np.array_equal(spectra.rows("C_K"), tables[0].intensity, equal_nan=True)


def test_the_attributes_of_a_big_database_stay_small():
    count = 20_000
    columns = {"formula": np.array([f"C{n}H{n}" for n in range(count)]), "treatment": np.full(count, "full")}
    node = SpectraDatasetData([SpectraTable("C", "K", np.arange(2.0), np.zeros((count, 2)), columns)])
    assert node.base.attributes.get("n_formulas") == count
    assert len(json.dumps(node.base.attributes.all)) < 10_000


def test_an_empty_database_is_stored():
    node = SpectraDatasetData([]).store()
    assert len(node) == 0
    assert node.tables == ()
