"""Where the spectrum of an insulator is cut."""

from __future__ import annotations

import numpy as np
import pytest
from aiida import orm
from core_hole_data import band_node

from aiida_gbml.calculations.cut_in_gap import cut_in_gap

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

BANDS = np.array([[-5.0, 1.0, 4.0], [-4.0, 2.0, 6.0]])
"""Two bands filled up to 2 eV, the next one begins at 4 eV."""


def test_the_cut_lies_in_the_middle_of_the_gap() -> None:
    parameters = orm.Dict({"INPUT_XSPECTRA": {"edge": "K"}, "PLOT": {"xgamma": 0.3}})
    outputs = cut_in_gap(parameters, band_node(BANDS, 2))
    assert outputs["parameters"].get_dict() == {"INPUT_XSPECTRA": {"edge": "K", "xe0": 3.0}, "PLOT": {"xgamma": 0.3}}


def test_the_cut_of_the_user_stays() -> None:
    parameters = orm.Dict({"INPUT_XSPECTRA": {"xe0": 2.5}})
    outputs = cut_in_gap(parameters, band_node(BANDS, 2))
    assert outputs["parameters"].get_dict() == {"INPUT_XSPECTRA": {"xe0": 2.5}}
