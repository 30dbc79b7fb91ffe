"""Descriptors by specification."""

import numpy as np
import pytest
from ase.build import bulk, make_supercell

from aiida_gbml.science.compounds.descriptors import spec as module
from aiida_gbml.science.compounds.descriptors.compounds import Compounds, DescriptorError
from aiida_gbml.science.compounds.descriptors.sites import BondOrder, Elements, Radial
from aiida_gbml.science.compounds.descriptors.spec import PRESETS, Block, DescriptorSpec
from aiida_gbml.science.strict_json import read_json, write_json
from aiida_gbml.science.structure_set import StructureSet

CRYSTALS = [bulk("NaCl", "rocksalt", 5.64), bulk("ZnS", "zincblende", 5.41), bulk("CsCl", "cesiumchloride", 4.12)]
SET = Compounds.of_structures(StructureSet.from_ase(CRYSTALS))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_every_column_and_survive_json(name) -> None:
    spec = DescriptorSpec.preset(name)
    made = spec.describe(SET)
    assert made.values.shape == (3, len(made.names))
    assert sum(made.sizes) == len(made.names)
    assert len(set(zip(made.names, np.repeat(range(len(made.sizes)), made.sizes), strict=True))) == len(made.names)
    assert np.all(np.isfinite(made.values))
    assert DescriptorSpec.from_dict(read_json(write_json(spec.to_dict()))) == spec


def test_descriptors_do_not_depend_on_the_cell_or_on_the_block_of_atoms(monkeypatch) -> None:
    spec = DescriptorSpec.preset("structure")
    large = [make_supercell(one, [[2, 0, 0], [1, 1, 0], [0, 0, 1]]) for one in CRYSTALS]
    found = spec.describe(Compounds.of_structures(StructureSet.from_ase(large))).values
    expected = spec.describe(SET).values
    assert np.allclose(found, expected, atol=1e-6)
    monkeypatch.setattr(module, "_ATOMS_AT_A_TIME", 1)
    assert np.array_equal(spec.describe(SET).values, expected)


def test_compositions_need_no_structure() -> None:
    plain = Compounds.of_compositions(np.array([[11, 17], [16, 30], [17, 55]]), np.ones((3, 2), dtype=int))
    spec = DescriptorSpec.preset("composition")
    assert not spec.needs_structures
    assert np.allclose(spec.describe(plain).values, spec.describe(SET).values)
    with pytest.raises(DescriptorError, match="'cell' needs crystal structures"):
        DescriptorSpec.preset("structure").describe(plain)


def test_covariances_join_elements_and_structure() -> None:
    block = Block("cross", sites=(Elements(("mass",)), BondOrder(largest=2)), moments=("covariance",))
    assert block.names == [
        "covariance(mass, bond_order_1)",
        "covariance(mass, bond_order_2)",
        "covariance(bond_order_1, bond_order_2)",
    ]
    assert DescriptorSpec((block,)).describe(SET).values.shape == (3, 3)


def test_each_feature_sees_as_far_as_it_is_told() -> None:
    near, far = Block("near", sites=(Radial(cutoff=3.0),)), Block("far", sites=(Radial(cutoff=6.0),))
    both = DescriptorSpec((near, far)).describe(SET).values
    alone = DescriptorSpec((near,)).describe(SET).values
    assert np.allclose(both[:, : alone.shape[1]], alone)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "an object with a list 'blocks'"),
        ({"blocks": []}, "at least one block"),
        ({"blocks": [{"name": "a", "kind": "spectrum"}]}, "'spectrum' is no kind of descriptors"),
        ({"blocks": [{"name": "a"}]}, "no features of atoms"),
        ({"blocks": [{"name": "a", "kind": "cell", "moments": ["mode"]}]}, "'mode' is no moment"),
        ({"blocks": [{"name": "a", "kind": "cell", "size": 3}]}, "cannot be read"),
        ({"blocks": ["cell"]}, "cannot be read"),
        ({"blocks": [{"name": "a", "kind": "cell"}] * 2}, "a name of its own"),
    ],
)
def test_what_is_no_specification_is_refused(values, message) -> None:
    with pytest.raises(DescriptorError, match=message):
        DescriptorSpec.from_dict(values)
    with pytest.raises(DescriptorError, match="'soap' is no set of descriptors"):
        DescriptorSpec.preset("soap")


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"name": "none", "sites": [{"kind": "elements", "properties": []}]}, "the block 'none' has no columns"),
        (
            {"name": "single", "sites": [{"kind": "elements", "properties": ["mass"]}], "moments": ["covariance"]},
            "the block 'single' has no columns",
        ),
        ({"name": 3, "kind": "cell"}, "must have a text as its name, got 3"),
    ],
)
def test_blocks_without_columns_or_a_name_are_refused(block, reason) -> None:
    with pytest.raises(DescriptorError, match=reason):
        DescriptorSpec.from_dict({"blocks": [block]})
