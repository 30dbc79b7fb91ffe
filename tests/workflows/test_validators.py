"""Validators that many ports share."""

from types import SimpleNamespace

import pytest
from aiida import orm

from aiida_gbml.workflows.validators import (
    refusing,
    refusing_value,
    validate_fraction,
    validate_positive,
    validate_seed,
)

pytestmark = pytest.mark.usefixtures("aiida_profile")

PORT = SimpleNamespace(name="budget")


def test_numbers_must_be_positive():
    assert validate_positive(None, PORT) is None
    assert validate_positive(orm.Int(1), PORT) is None
    assert validate_positive(orm.Float(0.1), PORT) is None
    assert validate_positive(orm.Int(0), PORT) == "'budget' must be at least 1, got 0"
    assert validate_positive(orm.Float(-0.5), PORT) == "'budget' must be positive, got -0.5"
    assert validate_positive(orm.Float(float("nan")), PORT) == "'budget' must be positive, got nan"
    assert validate_positive(orm.Float(float("inf")), PORT) == "'budget' must be positive, got inf"


def test_shares_lie_between_none_and_all():
    assert [validate_fraction(orm.Float(one), PORT) for one in (0.0, 0.5, 1.0)] == [None] * 3
    assert validate_fraction(None, PORT) is None
    assert validate_fraction(orm.Float(1.5), PORT) == "'budget' must lie between 0 and 1, got 1.5"


def test_seeds_are_not_negative():
    assert validate_seed(orm.Int(0), PORT) is None
    assert validate_seed(orm.Int(-1), PORT) == "'budget' must be at least 0, got -1"


def test_what_a_check_raises_is_said():
    validate = refusing(lambda values: int(values["one"]))
    assert validate(None, PORT) is None
    assert "int() argument must be" in validate(orm.Dict({"one": [1]}), PORT)
    assert validate(orm.Dict({"one": "1"}), PORT) is None
    assert "invalid literal" in validate(orm.Dict({"one": "x"}), PORT)
    assert refusing_value(lambda value: float(value.value))(orm.Str("far"), PORT).startswith("could not convert")
