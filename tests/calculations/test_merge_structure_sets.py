"""From several sets to one."""

import pytest
from ase import Atoms

from aiida_gbml.calculations.merge_structure_sets import merge_structure_sets
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet


@pytest.mark.usefixtures("aiida_profile_clean")
def test_sets_are_joined_in_the_order_of_their_names() -> None:
    atoms = Atoms("H", cell=[3, 3, 3], pbc=True)
    sets = {
        "part_0001": StructureSetData(StructureSet.from_ase([atoms], tag=[3])),
        "part_0000": StructureSetData(StructureSet.from_ase([atoms, atoms], tag=[1, 2])),
    }
    merged = merge_structure_sets(**sets)["merged"]
    assert merged.structures.columns["tag"].tolist() == [1, 2, 3]
