"""Keys are equal when, and only when, the physics is."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.spectra.identity import key_of, row_keys, settings_key, structure_key

SETTINGS = {
    "common": "c",
    "elements": {"O": {"ground": "g", "full": "f", "half": "h"}, "Mg": {"ground": "m"}, "Si": {"ground": "s"}},
}


def changed(**datasets: str) -> dict:
    return {**SETTINGS, "elements": {**SETTINGS["elements"], "O": {**SETTINGS["elements"]["O"], **datasets}}}


def test_the_order_of_mappings_does_not_count() -> None:
    assert key_of({"a": 1, "b": [1.5, "x"]}) == key_of({"b": [1.5, "x"], "a": 1})
    assert key_of({"a": 1}) != key_of({"a": 2})


def test_structures_differ_by_what_can_be_seen_of_them() -> None:
    atoms = bulk("MgO", "rocksalt", a=4.2)
    key = structure_key(atoms)
    near = atoms.copy()
    near.positions += 1e-9
    assert structure_key(near) == key
    for change in ("positions", "cell", "pbc", "symbols"):
        other = atoms.copy()
        if change == "positions":
            other.positions[0, 0] += 1e-3
        elif change == "cell":
            other.cell[0, 0] += 1e-3
        elif change == "pbc":
            other.pbc = [True, True, False]
        else:
            other.symbols[0] = "Ca"
        assert structure_key(other) != key, change


def test_only_the_datasets_that_take_part_count() -> None:
    key = settings_key(SETTINGS, ["Mg", "O", "O"], "O", "full")
    assert settings_key(changed(half="other"), ["O", "Mg"], "O", "full") == key
    assert settings_key(changed(half="other"), ["O", "Mg"], "O", "half") != key
    assert settings_key(changed(full="other"), ["O", "Mg"], "O", "full") != key
    assert settings_key(SETTINGS, ["O", "Si"], "O", "full") != key
    assert settings_key({**SETTINGS, "common": "d"}, ["O", "Mg"], "O", "full") != key


@pytest.mark.parametrize("missing", ["structure_md5", "settings_md5"])
def test_rows_without_keys_are_not_known(missing: str) -> None:
    columns = {
        "structure_md5": np.array(["a", "a"]),
        "settings_md5": np.array(["b", "b"]),
        "site": np.array([0.0, 1.0]),
        "treatment": np.array(["full", "full"]),
        "status": np.array(["ok", "failed"]),
    }
    assert row_keys(columns, "O", "K") == {("a", "b", "O", "K", 0, "full")}
    assert row_keys({name: column for name, column in columns.items() if name != missing}, "O", "K") == set()
