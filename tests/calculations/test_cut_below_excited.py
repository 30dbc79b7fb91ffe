"""Where the spectrum of an excited cell is cut."""

from __future__ import annotations

import pytest
from aiida import orm
from core_hole_data import EXCITED, FULL, band_node

from aiida_gbml.calculations.cut_below_excited import cut_below_excited

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def test_the_cut_lies_between_the_valence_bands_and_the_excited_electron() -> None:
    parameters = orm.Dict({"INPUT_XSPECTRA": {"edge": "K"}, "PLOT": {"xgamma": 0.3}})
    outputs = cut_below_excited(parameters, band_node(EXCITED, [2, 1]))
    # filled without it: up to 0.5 eV; its own band begins at 2.0 eV
    assert outputs["parameters"].get_dict() == {
        "INPUT_XSPECTRA": {"edge": "K", "xe0": 1.25},
        "PLOT": {"xgamma": 0.3},
    }


def test_bands_without_spin_are_refused() -> None:
    parameters = orm.Dict({"INPUT_XSPECTRA": {}})
    _, node = cut_below_excited.run_get_node(parameters, band_node(FULL, 1))
    assert "no spins" in node.exit_message
