"""What a spectrum keeps, and what it refuses to keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.spectrum import SpectrumData

ENERGY = np.linspace(530.0, 560.0, 31)
DETAILS = {
    "element": "O",
    "edge": "K",
    "treatment": "full",
    "site": 1,
    "multiplicity": 1,
    "formula": "MgO",
    "alignment": "transition_energy",
    "energy_zero": 7.5,
    "transition_energy": 538.5,
    "empirical_offset": 0.0,
    "polarisation": "powder",
    "broadening": "Lorentzian, 0.6 eV full width",
    "warnings": [],
}


def spectrum(**changes: Any) -> SpectrumData:
    """Return a spectrum of two directions."""
    arrays = {"direction_0": ENERGY - 530, "direction_1": 560 - ENERGY}
    return SpectrumData(ENERGY, np.full(31, 15.0), arrays, {**DETAILS, **changes})


@pytest.mark.usefixtures("aiida_profile_clean")
def test_arrays_and_details_come_back_as_they_were() -> None:
    stored = spectrum().store()
    loaded = orm.load_node(stored.pk)
    np.testing.assert_array_equal(loaded.energy, ENERGY)
    np.testing.assert_array_equal(loaded.intensity, np.full(31, 15.0))
    assert list(loaded.directions) == ["direction_0", "direction_1"]
    assert loaded.details == DETAILS
    assert [name for name, _, _ in loaded.get_y()] == ["intensity", "direction_0", "direction_1"]
    assert loaded.get_x()[2] == "eV"


@pytest.mark.usefixtures("aiida_profile_clean")
def test_equal_spectra_have_equal_content() -> None:
    assert spectrum().store().base.caching.compute_hash() == spectrum().store().base.caching.compute_hash()


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_query_finds_by_element_edge_and_treatment() -> None:
    first, second = spectrum().store(), spectrum(treatment="none", transition_energy=None).store()
    assert SpectrumData.query("O", "K").all(flat=True) == [second, first]
    assert SpectrumData.query(treatment="none").all(flat=True) == [second]
    assert SpectrumData.query("C").all() == []


@pytest.mark.usefixtures("aiida_profile_clean")
@pytest.mark.parametrize(
    ("changes", "message"), [({"site": "one"}, "'site' must be"), ({"multiplicity": True}, "'multiplicity' must be")]
)
def test_details_of_the_wrong_type_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        spectrum(**changes).store()


@pytest.mark.usefixtures("aiida_profile_clean")
@pytest.mark.parametrize(
    ("energy", "intensity", "message"),
    [
        (ENERGY[::-1], ENERGY, "ascend"),
        (ENERGY, np.full(31, np.nan), "not finite"),
        (ENERGY[:1], ENERGY[:1], "at least two"),
    ],
)
def test_arrays_that_are_no_spectrum_are_refused(energy: Any, intensity: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SpectrumData(energy, intensity, {}, DETAILS).store()


@pytest.mark.usefixtures("aiida_profile_clean")
def test_missing_details_are_named() -> None:
    with pytest.raises(ValidationError, match="lacks element, edge"):
        SpectrumData(ENERGY, ENERGY).store()
