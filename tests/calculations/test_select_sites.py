"""Sites, their multiplicities and their cells, against what symmetry says of well-known structures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from ase import Atoms
from ase.build import bulk, molecule

from aiida_gbml.calculations.select_sites import MOST_KINDS, select_sites
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

DATASETS = {symbol: {"ground": "g", "full": "f"} for symbol in ("O", "Mg", "C", "H", "Si")}


def select(structures: StructureSet, *edges: tuple[str, str], row: int = 0, **cell: Any) -> dict[str, Any]:
    """Return the outputs for one structure of a set."""
    return select_sites(
        structures=StructureSetData(structures),
        row=orm.Int(row),
        edges=orm.List([{"element": element, "edge": edge} for element, edge in edges]),
        treatments=orm.List(["none", "full"]),
        cell=orm.Dict(cell),
        settings=orm.Dict({"common": "c", "elements": DATASETS}),
    )


def test_each_edge_has_its_sites_in_one_marked_cell() -> None:
    magnesia = StructureSet.from_ase([bulk("MgO", "rocksalt", a=4.212)])
    found = select(magnesia, ("O", "K"), ("Mg", "K"), ("C", "K"), min_distance=5.9)
    sites = found["sites"]["sites"]
    assert [(one["label"], one["multiplicity"], one["symmetry"], one["group"]) for one in sites] == [
        ("site_00000_O_K_0001", 1, "Oh", 0),
        ("site_00000_Mg_K_0000", 1, "Oh", 0),
    ]
    assert sites[0]["keys"].keys() == {"none", "full"}
    assert found["sites"]["reason"] == ""
    assert "cell_1" not in found
    kinds = [site.kind_name for site in found["cell_0"].sites]
    assert len(kinds) == 16
    assert {kinds.count(name): name for name in ("Mg1", "O1")}.keys() == {1}
    assert (kinds[0], kinds[1]) == ("Mg1", "O1")
    assert found["sites"]["columns"]["formula"] == "MgO"


def test_equivalent_atoms_are_one_site() -> None:
    """Methane: four hydrogen atoms are equal. The second structure of a set keeps its name and its distances."""
    structures = StructureSet.from_ase(
        [molecule("CH4"), molecule("C2H6")],
        structure_label=["methane", "ethane"],
        structure_uuid=["a", "b"],
        excess_energy=[np.nan, 0.5],
    )
    marked = structures.with_atom_columns(distance_from_boundary=[np.nan] * 5 + [1.5] * 8)
    methane = select(marked, ("C", "K"), ("H", "K"))["sites"]
    assert [(one["site"], one["multiplicity"]) for one in methane["sites"]] == [(0, 1), (1, 4)]
    assert methane["sites"][0]["distance_from_boundary"] is None
    assert "excess_energy" not in methane["columns"]
    ethane = select(marked, ("C", "K"), row=1)["sites"]
    assert [(one["label"], one["multiplicity"]) for one in ethane["sites"]] == [("site_00001_C_K_0000", 2)]
    assert ethane["sites"][0]["distance_from_boundary"] == 1.5
    assert (
        ethane["columns"].items() >= {"structure_label": "ethane", "structure_uuid": "b", "excess_energy": 0.5}.items()
    )


def test_no_cell_has_more_kinds_than_the_program_takes() -> None:
    """Twelve atoms in a row without symmetry: eleven kinds would be too many with silicon itself."""
    places = np.cumsum([0.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0, 3.1])
    chain = Atoms("Si12", positions=[(0.0, 0.0, z) for z in places])
    found = select(StructureSet.from_ase([chain]), ("Si", "K"))
    assert [one["group"] for one in found["sites"]["sites"]] == [0] * 9 + [1] * 3
    for cell in (found["cell_0"], found["cell_1"]):
        assert len(cell.kinds) <= MOST_KINDS
    names = [site.kind_name for site in found["cell_1"].sites]
    assert [names[index] for index in (9, 10, 11)] == ["Si1", "Si2", "Si3"]


def test_a_structure_that_cannot_be_computed_is_a_reason() -> None:
    overlapping = Atoms("O2Mg", positions=[(0, 0, 0), (0, 0, 0.1), (0, 0, 3)], cell=[6] * 3, pbc=True)
    found = select(StructureSet.from_ase([overlapping]), ("O", "K"))
    assert "overlap" in found["sites"]["reason"]
    assert [(one["site"], one["multiplicity"]) for one in found["sites"]["sites"]] == [(0, 2)]
    assert not [name for name in found if name.startswith("cell_")]


def test_equal_structures_have_equal_keys() -> None:
    one = select(StructureSet.from_ase([bulk("MgO", "rocksalt", a=4.212)]), ("O", "K"))["sites"]
    same = select(StructureSet.from_ase([molecule("CH4"), bulk("MgO", "rocksalt", a=4.212)]), ("O", "K"), row=1)[
        "sites"
    ]
    assert one["columns"]["structure_md5"] == same["columns"]["structure_md5"]
    assert one["sites"][0]["keys"] == same["sites"][0]["keys"]
