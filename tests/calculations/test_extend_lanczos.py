"""Tests of aiida_gbml.calculations.extend_lanczos."""

import pytest
from aiida import orm

from aiida_gbml.calculations.extend_lanczos import extend_lanczos


@pytest.mark.parametrize(("given", "expected"), [({"INPUT_XSPECTRA": {"edge": "K", "xniter": 50}}, 100), ({}, 4000)])
def test_the_iterations_are_doubled(aiida_profile, given, expected):
    found = extend_lanczos(orm.Dict(given))["parameters"].get_dict()
    assert found["INPUT_XSPECTRA"] == {**given.get("INPUT_XSPECTRA", {}), "xniter": expected}
