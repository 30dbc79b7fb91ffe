"""JSON documents: lists, entries that pymatgen itself wrote, and OPTIMADE responses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monty.json import MontyEncoder
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry, ConstantEnergyAdjustment

from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.readers.documents import read_document
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import collect


def read(document: Any, **options: str) -> CompositionSet:
    chosen = ReadOptions(**options)  # type: ignore[arg-type]
    content = document if isinstance(document, bytes) else json.dumps(document, cls=MontyEncoder).encode()
    return collect(read_document(content, chosen), "made.json", chosen)[0]


@pytest.mark.parametrize(
    "document",
    [
        ["NaCl", "K2Cl2"],
        {"formulas": ["NaCl", "KCl"]},
        [{"formula": "NaCl"}, {"formula": "KCl", "other": 1}],
        {"records": [{"Composition": {"Na": 1, "Cl": 1}}, {"Composition": {"K": 2.0, "Cl": 2.0}}]},
        [{"Na": 1, "Cl": 1, "@class": "Composition", "@module": "pymatgen.core.composition"}, "KCl"],
        [Composition("NaCl"), Composition("KCl")],
    ],
)
def test_lists_of_formulas_and_records(document: Any) -> None:
    if isinstance(document[0] if isinstance(document, list) else None, Composition):
        document = [{**one.as_dict(), "@class": "Composition"} for one in document]
    assert read(document).formulas() == ["NaCl", "KCl"]


def test_records_with_identifiers_and_dates() -> None:
    records = [
        {"material_id": "a", "formula_pretty": "NaCl", "first_seen": "2001-01-01"},
        {"material_id": 7, "formula_pretty": "KCl", "first_seen": None},
        {"material_id": None, "formula_pretty": 3},
        3,
        None,
        [],
    ]
    found = read(records)
    assert (found.ids.tolist(), found.age_unit, found.first_seen.tolist()) == (["a", "7"], "day", [730486, -1])
    assert found.rejected_counts() == {"unreadable": 4}
    assert read([{"x": "NaCl", "y": 1999}], column="x", age="year", age_column="y").first_seen.tolist() == [1999]


def test_entries_as_pymatgen_writes_them() -> None:
    cell = Lattice.cubic(4.2)
    whole = Structure(cell, ["Mg2+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    mixed = Structure(cell, [{"Mg": 0.5, "Fe": 0.5}, "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    partial = Structure(cell, [{"Mg": 0.5}, "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    adjusted = ConstantEnergyAdjustment(0.1, uncertainty=float("nan"))
    entries = [
        ComputedEntry("Fe4O6", -1.0, entry_id="mp-19770", energy_adjustments=[adjusted]),
        ComputedStructureEntry(whole, -2.0, entry_id="mp-1265"),
        ComputedStructureEntry(mixed, -2.0, entry_id="mp-1"),
        ComputedStructureEntry(partial, -2.0, entry_id="mp-2"),
        PDEntry("NaCl", -3.0, name="mp-22862"),
        {"@class": "ComputedEntry", "composition": {"D": 2.0, "O": 1.0}, "energy": -1.0},
    ]
    found = read(entries)
    assert found.formulas() == ["Fe2O3", "MgO", "NaCl"]
    assert (found.ids.tolist(), found.first_seen.tolist()) == (
        ["mp-19770", "mp-1265", "mp-22862"],
        [19770, 1265, 22862],
    )
    assert [(row.row, row.kind) for row in found.rejected] == [(2, "disorder"), (3, "disorder"), (5, "isotope")]
    assert "site 0 of the structure of 'mp-1'" in found.rejected[0].reason
    assert read({"@class": "EntrySet", "entries": entries}).sha256 == found.sha256


def test_other_classes_are_named_and_never_looked_up() -> None:
    entries = [{"@module": "os", "@class": "system", "composition": {"Na": 1}}, "NaCl", {"@class": ["x"]}]
    found = read(entries)
    assert found.rejected_counts() == {"unreadable": 2}
    assert "'system' is none of the classes that are read: Composition, ComputedEntry" in found.rejected[0].reason


def page(*formulas: Any, **meta: Any) -> dict[str, Any]:
    data = [
        {"type": "structures", "id": f"x-{row}", "attributes": {"chemical_formula_reduced": text}}
        for row, text in enumerate(formulas)
    ]
    return {"data": data, "meta": {"api_version": "1.1.0", "provider": {"name": "Some database"}, **meta}, "links": {}}


def test_optimade_responses() -> None:
    found = read(page("ClNa", "ClK", "D2O", None, license={"href": "https://licence"}))
    assert (found.formulas(), found.source, found.licence) == (["NaCl", "KCl"], "Some database", "https://licence")
    assert found.rejected_counts() == {"isotope": 1, "unreadable": 1}
    assert (found.first_seen.tolist(), found.age_unit) == ([0, 1], "identifier")


def test_pages_of_responses_disorder_and_dates() -> None:
    first, second = page("ClNa", license="CC0"), page("ClK", "BrK")
    first["data"][0]["attributes"]["last_modified"] = "2020-02-02T00:00:00Z"
    second["data"][0]["attributes"]["structure_features"] = ["disorder"]
    second["data"].append({"id": "y"})
    second["data"].append("text")
    found = read([first, second], age_column="last_modified")
    assert (found.formulas(), found.licence, found.age_unit) == (["NaCl", "KBr"], "CC0", "day")
    assert found.rejected_counts() == {"disorder": 1, "unreadable": 2}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not readable as JSON"),
        (b"\xff", "not readable as JSON"),
        (b"[1,", "not readable as JSON"),
        (b"[" * 100_000, "not readable as JSON"),
        (b"3", "is a int, expected a list"),
        ({"x": 1}, "is a dict, expected a list"),
        ([], "holds no rows"),
        ([{"x": "NaCl"}], "no part of the records is called 'formula' or alike .there are x."),
        ([{"x": "NaCl"}, {"formula": "KCl"}, "9" * 5000], None),
        (b"[" + b"9" * 5000 + b"]", "JSON|none of the 1 rows"),
    ],
)
def test_what_is_no_list_is_refused(document: Any, reason: str | None) -> None:
    if reason is None:
        assert read(document).formulas() == ["KCl"]
        return
    with pytest.raises(ReaderError, match=reason):
        read(document)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.sampled_from(["NaCl"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    "formula",
                    "data",
                    "meta",
                    "attributes",
                    "@class",
                    "composition",
                    "structure",
                    "sites",
                    "species",
                    "id",
                ]
            ),
            st.one_of(inner, st.sampled_from(["ComputedEntry", "Composition"])),
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_ends_in_rows_or_one_sentence(document: Any) -> None:
    assert "\n" not in outcome(json.dumps(document).encode())


def outcome(content: bytes) -> str:
    try:
        read(content)
    except ReaderError as error:
        return str(error)
    return ""
