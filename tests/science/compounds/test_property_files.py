"""Files of compounds with a property."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_gbml.science.compounds.property_files import read_property_file
from aiida_gbml.science.compounds.property_table import PropertyTableError
from aiida_gbml.science.structure_set import StructureSet


def extxyz(*, energies: bool = True, **info: list[Any]) -> bytes:
    """Return three crystals with entries in their comment lines."""
    frames = [bulk("Cu"), bulk("NaCl", "rocksalt", a=5.6), bulk("Al", cubic=True)]
    for row, frame in enumerate(frames):
        frame.info.update({name: values[row] for name, values in info.items() if values[row] is not None})
        if energies:
            frame.calc = SinglePointCalculator(frame, energy=-3.0 * len(frame))
    text = io.StringIO()
    write(text, frames, format="extxyz")
    return text.getvalue().encode()


def test_entries_of_comment_lines_are_properties() -> None:
    table = read_property_file("a.extxyz", extxyz(gap=[1.0, None, 3.0], name=["x", "y", "z"]), {"target": "gap"})
    assert isinstance(table.compounds, StructureSet)
    assert table.ids == ("x", "z")
    assert table.targets is not None
    assert table.targets.target.tolist() == [1.0, 3.0]
    assert [row.row for row in table.rejected] == [1]


def test_what_follows_from_energy_and_cell_is_a_property() -> None:
    table = read_property_file("a.xyz", extxyz(), {"target": "energy_per_atom"})
    assert table.targets is not None
    np.testing.assert_allclose(table.targets.target, -3.0)
    assert table.compounds.columns["status"].tolist() == ["ok"] * 3  # type: ignore[union-attr]


def test_structures_alone_are_read_without_a_target() -> None:
    table = read_property_file("a.xyz", extxyz(energies=False), {})
    assert table.targets is None
    assert "status" not in table.compounds.columns  # type: ignore[union-attr]


def test_tables_are_read_with_their_options() -> None:
    content = b"composition,y\nNaCl,1\nNaCl,3\nMgO,2\n"
    table = read_property_file("a.csv", content, {"target": "y", "formula": "composition", "merge": "highest"})
    assert table.targets is not None
    assert table.targets.target.tolist() == [3.0, 2.0]


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("a.txt", b"", {}, r"'a.txt' is no table: its name must end in .csv, .xyz or .extxyz"),
        ("a.csv", b"\xff\xfe", {}, "no UTF-8 text: byte 0"),
        ("a.csv", b"formula\nNaCl\n", {"goal": "y"}, "no option 'goal' of a file, known are target, formula"),
        ("a.csv", b"formula\nNaCl\n", {"target": 3}, "must be the name of a column, got 3"),
        ("a.xyz", b"nothing", {}, "not a readable extended XYZ"),
        ("a.xyz", extxyz(energies=False), {"target": "gap"}, "no frame has the entry 'gap'"),
        ("a.xyz", extxyz(energies=False), {"target": "energy_per_atom"}, "no 'energy', from which"),
        ("a.xyz", extxyz(gap=["high"] * 3), {"target": "gap"}, "none of the 3 structures"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, content: bytes, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_property_file(name, content, options)
    assert "\n" not in str(caught.value)


def test_a_number_that_was_overwritten_is_no_energy() -> None:
    for place in range(len(extxyz())):
        with suppress(PropertyTableError):
            read_property_file("a.xyz", extxyz()[:place] + b"\x00" + extxyz()[place + 1 :], {})


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 200), st.sampled_from(["a.csv", "a.xyz"]))
def test_fuzzed_files_are_read_or_refused(noise: bytes, place: int, name: str) -> None:
    content = extxyz() if name == "a.xyz" else b"formula,y\nNaCl,1\nMgO,2\n"
    with suppress(PropertyTableError):
        read_property_file(name, content[:place] + noise + content[place + len(noise) :], {})
