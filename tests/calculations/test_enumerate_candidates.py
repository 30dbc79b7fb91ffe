"""From a crystal and a boundary to the list of candidates."""

from dataclasses import replace

import pytest
from aiida import orm
from searches import BOUNDARY, SPACE

from aiida_gbml.calculations.enumerate_candidates import enumerate_candidates
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_the_candidates_of_the_science_are_stored(reference, candidates):
    found = enumerate_candidates(StructureSetData(reference), orm.Dict(BOUNDARY), orm.Dict(SPACE))["candidates"]
    assert found.content == candidates.to_bytes()
    assert found.base.attributes.get("n_before") > found.base.attributes.get("n_candidates") > 0


@pytest.mark.parametrize(
    ("boundary", "space", "message"),
    [
        ({"sigma": 4}, {}, "sigma"),
        ({}, {"gaps": [0.0], "min_distance_ratio": 0.999}, "in every candidate two atoms are closer"),
        ({}, {"geometry": "slab", "thickness": 10.0}, "the grains of a slab must be thicker than 12.0 Å, got 10.0 Å"),
        ({}, {"translation_spacing": 0}, "'translation_spacing' of the search space is out of range"),
    ],
)
def test_a_space_without_candidates_ends_with_a_sentence(reference, boundary, space, message):
    given = (StructureSetData(reference), orm.Dict({**BOUNDARY, **boundary}), orm.Dict({**SPACE, **space}))
    _, node = enumerate_candidates.run_get_node(*given)
    assert node.exit_status == 202
    assert message in node.exit_message


def test_an_engine_without_energies_of_atoms_takes_no_slabs(reference):
    """Known once the crystal is evaluated, before a single boundary is."""
    plain = StructureSetData(replace(reference, atom_columns={}))
    _, node = enumerate_candidates.run_get_node(
        plain, orm.Dict(BOUNDARY), orm.Dict({"geometry": "slab", "thickness": 15.0})
    )
    assert node.exit_status == 202
    assert "a slab needs the energies of its atoms" in node.exit_message
