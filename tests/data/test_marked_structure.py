"""Absorbing atoms with kinds of their own."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.orm.nodes.data.structure import Kind, Site
from core_hole_data import oxygen_structure

from aiida_gbml.data.marked_structure import atoms_with_origin, kind_origins, mark_absorbers, marked_kind


@pytest.mark.usefixtures("aiida_profile_clean")
def test_absorbers_get_names_that_nobody_has_and_others_keep_theirs() -> None:
    structure = oxygen_structure("Mg", "O")
    cell = atoms_with_origin(structure).repeat((2, 1, 1))
    marked = mark_absorbers(structure, cell, [1, 3])
    assert [site.kind_name for site in marked.sites] == ["Mg", "O1", "Mg", "O2"]
    assert [kind.symbol for kind in marked.kinds] == ["Mg", "O", "O"]
    assert kind_origins(structure, cell, marked) == {"Mg": "Mg", "O1": "O", "O2": "O"}
    assert marked.pbc == structure.pbc


@pytest.mark.usefixtures("aiida_profile_clean")
def test_the_kinds_of_the_user_are_carried_along() -> None:
    structure = orm.StructureData(cell=[[4.0, 0, 0], [0, 4.0, 0], [0, 0, 4.0]])
    structure.append_kind(Kind(symbols="O", name="O1", mass=18.0))
    structure.append_kind(Kind(symbols="O", name="O"))
    structure.append_site(Site(kind_name="O1", position=(0, 0, 0)))
    structure.append_site(Site(kind_name="O", position=(2, 2, 2)))
    marked = mark_absorbers(structure, atoms_with_origin(structure), [0])
    assert [site.kind_name for site in marked.sites] == ["O2", "O"]
    assert marked.get_kind("O2").mass == 18.0


@pytest.mark.usefixtures("aiida_profile_clean")
def test_the_kind_of_an_absorber_is_found_in_the_same_cell_only() -> None:
    structure = oxygen_structure("O", "O")
    cell = atoms_with_origin(structure)
    assert marked_kind(cell, mark_absorbers(structure, cell, [1]), 1) == "O1"
    with pytest.raises(ValueError, match="shares the kind 'O'"):
        marked_kind(cell, structure, 1)
    with pytest.raises(ValueError, match="is not the one of the site"):
        marked_kind(cell.repeat((2, 1, 1)), structure, 1)
    shifted = cell.copy()
    shifted.positions[0] += 0.1
    with pytest.raises(ValueError, match="elsewhere"):
        marked_kind(shifted, structure, 1)
