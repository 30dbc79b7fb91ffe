"""The files of a pair, as the programs read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.calculations.unpack_core_hole_pair import unpack_core_hole_pair
from aiida_gbml.data.core_hole_upf import CoreHoleUpfData

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile")]


@pytest.mark.parametrize(("hole", "valence"), [("half", 4.5), ("full", 5.0)])
def test_a_pair_becomes_its_files(
    carbon_pair_data: Callable[..., object], carbon_upf: Callable[[str], bytes], hole: str, valence: float
) -> None:
    unpacked = unpack_core_hole_pair(carbon_pair_data(hole))
    assert type(unpacked["ground"]) is UpfData
    assert unpacked["ground"].get_content(mode="rb") == carbon_upf("none")
    assert isinstance(unpacked["hole"], CoreHoleUpfData)
    assert unpacked["hole"].z_valence == valence
    assert unpacked["hole"].get_content(mode="rb") == carbon_upf(hole)
    assert len({node.filename for node in unpacked.values()}) == 3
    lines = unpacked["core_orbitals"].get_content().splitlines()
    assert lines[0].startswith("#")
    assert len(lines[1].split()) == 2
