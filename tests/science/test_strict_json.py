"""JSON: finite numbers only, equal bytes for equal content."""

import json

import pytest

from aiida_gbml.science.strict_json import StrictJsonError, read_json, write_json


def test_round_trip_is_exact() -> None:
    content = {"σ": 5, "energy": 0.1 + 0.2, "axis": [0, 0, 1], "nested": {"none": None, "true": True}}
    assert read_json(write_json(content)) == content


def test_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert write_json({"a": 1, "b": 2}) == write_json({"b": 2, "a": 1})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_not_written(number: float) -> None:
    with pytest.raises(StrictJsonError, match="cannot be written"):
        write_json({"energy": number})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "[1, [NaN]]"])
def test_numbers_that_are_not_finite_are_not_read(text: str) -> None:
    with pytest.raises(StrictJsonError, match="no finite number"):
        read_json(f'{{"energy": {text}}}'.encode())


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"1", b"\xff\xfe", b'{"a": 1', "{}".encode("utf-16"), b"[" * 100_000]
)
def test_damaged_bytes_are_named(content: bytes) -> None:
    with pytest.raises(StrictJsonError):
        read_json(content)


def test_other_programs_read_what_is_written() -> None:
    assert json.loads(write_json({"a": [1.5, "Å"]})) == {"a": [1.5, "Å"]}
