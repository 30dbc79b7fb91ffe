"""Structures as texts: pymatgen's own dictionaries as they are written, and hostile texts."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from aiida_gbml.science.compounds.structure_literal import StructureLiteralError, read_literal, read_structure

SALT = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.mark.parametrize("write", [str, json.dumps])
def test_pymatgens_dictionaries_are_read(write: Any) -> None:
    found = read_structure(write(SALT.as_dict()))
    np.testing.assert_allclose(found.cell, SALT.lattice.matrix)
    np.testing.assert_array_equal(found.numbers, SALT.atomic_numbers)
    np.testing.assert_allclose(found.positions, SALT.cart_coords, atol=1e-12)


def test_a_python_literal_may_hold_what_json_has_not() -> None:
    assert read_literal("{'a': None, 'b': (1, 2), 'c': \"it's\"}") == {"a": None, "b": (1, 2), "c": "it's"}


@pytest.mark.parametrize("text", ["__import__('os').getcwd()", "[].__class__", "1 +", "", "(" * 5000, "[" * 100000])
def test_what_is_no_literal_is_refused_and_never_run(text: str) -> None:
    with pytest.raises(StructureLiteralError, match="neither JSON nor a Python literal"):
        read_literal(text)


def changed(**changes: Any) -> str:
    """Return the text of a structure with entries of its first site, or of itself, replaced."""
    content = SALT.as_dict()
    for name, value in changes.items():
        (content if name in content else content["sites"][0])[name] = value
    return str(content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed(species=[{"element": "Na", "occu": 0.5}]), "partly occupied"),
        (changed(species=[{"element": "Na", "occu": 0.5}, {"element": "K", "occu": 0.5}]), "partly occupied"),
        (changed(species=[{"element": "D", "occu": 1}]), "'D', which is no element"),
        (changed(species=[{"element": "NaCl", "occu": 1}]), "'NaCl', which is no element"),
        (changed(abc=[0.0, 0.0]), "no structure of pymatgen"),
        (changed(abc=[0.0, 0.0, None]), "not finite|no structure"),
        (changed(sites=[]), "sites"),
        (changed(lattice={"matrix": [[1, 0, 0], [2, 0, 0], [0, 0, 1]]}), "without volume"),
        (changed(lattice={"matrix": [[1, 0], [0, 1]]}), "shape"),
        (changed(lattice={"matrix": (1e200 * np.eye(3)).tolist()}), "not finite"),
        (changed(lattice={"matrix": (0.3 * np.eye(3)).tolist()}), "without volume: 0.027 Å³ for 8 atoms"),
        (changed(lattice={"matrix": np.diag([1e-6, 1e3, 1e6]).tolist()}), "without volume"),
        (changed(abc=[1e308, 0.0, 0.0]), "not finite"),
        (changed(species=[{"element": "Na2", "occu": 1}]), "'Na2', which is no element"),
        ("{}", "no structure of pymatgen: KeyError 'lattice'"),
        ("[1, 2]", "no structure of pymatgen"),
        ("7", "no structure of pymatgen"),
    ],
)
def test_a_broken_structure_is_named(text: str, words: str) -> None:
    with pytest.raises(StructureLiteralError, match=words):
        read_structure(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.integers(0, 400))
def test_fuzzed_texts_are_read_or_refused(noise: str, place: int) -> None:
    text = str(SALT.as_dict())
    with suppress(StructureLiteralError):
        read_structure(text[:place] + noise + text[place + len(noise) :])
