"""What is periodic gets a supercell, a molecule a box; the same for every site."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, graphene, molecule

from aiida_gbml.science.spectra.absorption_cell import absorption_cell
from aiida_gbml.science.spectra.supercell import SupercellError


def test_crystals_are_repeated_and_molecules_boxed() -> None:
    """Sixteen atoms of MgO have images 5.96 Å apart; methane is short, so that the box is as wide as asked for."""
    magnesia = bulk("MgO", "rocksalt", a=4.212)
    found = [absorption_cell(magnesia, site, {"min_distance": 5.9}) for site in (0, 1)]
    assert [len(one.atoms) for one in found] == [16, 16]
    np.testing.assert_allclose(found[0].atoms.positions, found[1].atoms.positions)
    assert absorption_cell(molecule("CH4"), 0, {"min_box": 10.0}).atoms.cell.lengths() == pytest.approx([10.0] * 3)


def test_the_defaults_are_long() -> None:
    assert absorption_cell(bulk("MgO", "rocksalt", a=4.212), 0, {}).distance >= 9.0
    assert absorption_cell(molecule("CH4"), 0, {}).distance == pytest.approx(8.0)


def test_a_sheet_needs_room_above_it() -> None:
    with pytest.raises(SupercellError, match="C2 has no cell vector where it is not periodic"):
        absorption_cell(graphene(), 0, {})  # as ase makes it
    assert len(absorption_cell(graphene(vacuum=7.0), 0, {}).atoms) == 32


def test_a_slab_or_wire_with_too_little_vacuum_is_refused() -> None:
    """A sheet 4 Å above its image is graphite; how the cell is cut through a slab does not matter."""
    with pytest.raises(SupercellError, match=r"the vacuum of C2 is 4\.0 Å wide.* widen it to about 15 Å"):
        absorption_cell(graphene(vacuum=2.0), 0, {})
    slab = bulk("MgO", "rocksalt", a=4.212, cubic=True) * (1, 1, 2)  # layers 2.106 Å apart, from 0 to 6.318 Å
    slab.pbc = (True, True, False)
    slab.cell[2] = (1.0, 0.0, 6.318 + 4.9)
    for shift in (0.0, 8.0):
        slab.positions[:, 2] += shift
        with pytest.raises(SupercellError, match=r"is 4\.9 Å wide"):
            absorption_cell(slab, 0, {"min_distance": 4.0})
    slab.cell[2, 2] += 0.2
    assert absorption_cell(slab, 0, {"min_distance": 4.0}).distance >= 4.0
    slab.pbc = (True, False, False)
    with pytest.raises(SupercellError, match=r"is 2\.1 Å wide"):
        absorption_cell(slab, 0, {"min_distance": 4.0})
