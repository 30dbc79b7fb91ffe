"""Builders of a search from a protocol."""

import pytest
from hosts import surface_builder

from aiida_gbml.workflows.compounds.potential_surface_protocol import PotentialSurfaceProtocol

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")


def test_a_protocol_fills_what_is_not_overridden():
    builder = surface_builder(budget=40, temperature=500.0)
    assert builder.budget.value == 40
    assert builder.temperature.value == 500.0
    assert builder.engine["mode"].value == "static"
    assert builder.strategy["method"] == "kriging"
    assert "budget" not in surface_builder()


def test_finer_protocols_have_finer_grids():
    spacings = [
        PotentialSurfaceProtocol.get_protocol_inputs(name)["grid"]["spacing"]
        for name in ("fast", "balanced", "stringent")
    ]
    assert spacings == sorted(spacings, reverse=True)


def test_settings_of_the_engine_are_its_own():
    with pytest.raises(ValueError, match=r"there is no setting 'engine\.code'"):
        PotentialSurfaceProtocol.get_protocol_inputs(None, {"engine": {"code": "lmp"}})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"budged": 3}, "there is no setting 'budged' to override, known are attempt_frequency"),
        ({"budget": 2.5}, "'budget' must be a whole number, got 2.5"),
        ({"grid": [0.3]}, "'grid' must be a mapping"),
        ({"seed": True}, "'seed' must be a whole number, got True"),
    ],
)
def test_overrides_that_make_no_sense_are_refused(overrides, message):
    with pytest.raises(ValueError, match=message):
        surface_builder(**overrides)
