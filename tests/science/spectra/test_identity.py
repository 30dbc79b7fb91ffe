"""Keys are equal when, and only when, the physics is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ase.build import bulk, molecule

from aiida_gbml.science.spectra.identity import (
    formula_of,
    key_of,
    known_rows,
    settings_key,
    structure_key,
    without_repetitions,
)
from aiida_gbml.science.spectra.table import SpectraTable, table_from_rows

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


def test_a_crystal_is_named_by_its_unit_and_a_molecule_by_its_atoms() -> None:
    assert formula_of(bulk("MgO", "rocksalt", a=4.2, cubic=True)) == "MgO"
    assert formula_of(molecule("C2H4")) == "C2H4"


def test_only_the_datasets_that_take_part_count() -> None:
    key = settings_key(SETTINGS, ["Mg", "O", "O"], "O", "full")
    assert settings_key(changed(half="other"), ["O", "Mg"], "O", "full") == key
    assert settings_key(changed(half="other"), ["O", "Mg"], "O", "half") != key
    assert settings_key(changed(full="other"), ["O", "Mg"], "O", "full") != key
    assert settings_key(SETTINGS, ["O", "Si"], "O", "full") != key
    assert settings_key({**SETTINGS, "common": "d"}, ["O", "Mg"], "O", "full") != key


def table(settings: str = "b", failed: tuple[bool, ...] = (False, True)) -> SpectraTable:
    """Return the same two sites under some settings."""
    curve = {"energy": [530.0, 531.0, 532.0], "intensity": [0.0, 1.0, 2.0]}
    nothing = {"energy": None, "intensity": None, "reason": "it is late"}
    shared = {"element": "O", "edge": "K", "structure_md5": "a", "settings_md5": settings, "treatment": "full"}
    rows = [{**shared, "site": site, **(nothing if gone else curve)} for site, gone in enumerate(failed)]
    return table_from_rows(rows, 1.0)


def test_rows_with_a_spectrum_are_known() -> None:
    assert known_rows(table()) == {("a", "b", "O", "K", 0, "full")}


@pytest.mark.parametrize("missing", ["structure_md5", "settings_md5"])
def test_rows_without_keys_are_not_known(missing: str) -> None:
    foreign = replace(table(), columns={k: v for k, v in table().columns.items() if k != missing})
    assert known_rows(foreign) == set()
    assert len(without_repetitions([foreign, foreign])[0]) == 4


def test_a_failure_goes_when_the_spectrum_comes() -> None:
    (merged,) = without_repetitions([table(), table(failed=(True, False)), table("c")])
    assert merged.columns["settings_md5"].tolist() == ["b", "b", "c", "c"]
    assert merged.columns["site"].tolist() == [0, 1, 0, 1]
    assert merged.failed.tolist() == [False, False, False, True]
