"""Tables of compounds: every row is used, merged, or listed with its reason."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition as PymatgenComposition
from pymatgen.core import Lattice, Structure

from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.property_table import (
    Columns,
    PropertyTableError,
    formula_of_row,
    long_cells,
    read_table,
    table_of_structures,
)
from aiida_gbml.science.structure_set import StructureSet

TABLE = """material_id,formula,energy,year
a,NaCl,-2.0,1990
b,Na2Cl2,-4.0,2001
c,"{'La': 1.0, 'V': 1.0, 'O': 4.0}",1.5,1995
d,D2O,1.0,1999
e,FeXO3,1.0,1999
f,MgO,nan,1999
g,CaO,about 3,1999
h,,3,1999
"""


def test_rows_are_used_merged_or_listed() -> None:
    table = read_table(TABLE, Columns(target="energy"))
    assert isinstance(table.compounds, CompositionSet)
    assert table.compounds.formulas() == ["NaCl", "LaVO4"]
    assert table.ids == ("a", "c")
    assert table.targets is not None
    assert table.targets.target.tolist() == [-3.0, 1.5]
    assert table.repeated == {"NaCl": 2}
    assert [(row.row, row.kind) for row in table.rejected] == [
        (3, "isotope"),
        (4, "disorder"),
        (5, "no value"),
        (6, "no value"),
        (7, "unreadable"),
    ]
    summary = table.summary()
    assert (summary["n_rows"], summary["n_compounds"], summary["n_rejected"], summary["n_repeated_rows"]) == (
        8,
        2,
        5,
        1,
    )
    assert summary["rejected"][2] == [5, "MgO", "'energy' is nan, which is not finite"]


@pytest.mark.parametrize(("merge", "value"), [("lowest", -4.0), ("highest", -2.0), ("mean", -3.0)])
def test_values_of_one_composition_are_merged_as_asked(merge: str, value: float) -> None:
    table = read_table(TABLE, Columns(target="energy"), merge)
    assert table.targets is not None
    assert table.targets.target[0] == value


def test_without_a_target_all_that_is_a_compound_stays() -> None:
    table = read_table(TABLE, Columns())
    assert table.targets is None
    assert len(table.compounds) == 4


def test_order_and_group_are_read() -> None:
    table = read_table(TABLE, Columns(target="energy", order="year", group="material_id"))
    assert table.targets is not None
    assert table.targets.order is not None
    assert table.targets.group is not None
    assert table.targets.order.tolist() == [2001, 1995]
    assert table.targets.group.tolist() == ["a", "c"]


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("{'Fe': 0.3333333333333333, 'O': 0.6666666666666666}", "FeO2"),
        ("{'Fe': 0.85, 'O': 1}", "Fe17O20"),
        ("{'Fe': '2', 'O': 3.0000000001}", "Fe2O3"),
    ],
)
def test_amounts_of_a_dictionary_mean_the_ratios_that_they_are_rounded_from(text: str, formula: str) -> None:
    assert read_table(f'formula\n"{text}"\n', Columns()).compounds.formulas() == [formula]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "{'Fe3': 1, 'O': 1}",
        "{'Fe': 1, ' Fe': 1}",
        "{'Fe': -1, 'O': 2}",
        "{'Fe': '1e99999999', 'O': 1}",
        "{'Fe': 1e300, 'O': 1}",
        "{'Fe': None}",
        "{1: 2}",
        "{}",
    ],
)
def test_dictionaries_that_are_no_compositions_are_listed(text: str) -> None:
    table = read_table(f'formula\nNaCl\n"{text}"\n', Columns())
    assert [row.row for row in table.rejected] == [1]


@pytest.mark.parametrize("rows", ["MgO,5,2020\nMg2O2,1,2000\n", "MgO,1,2000\nMg2O2,5,2020\n"])
def test_a_merged_value_is_as_young_as_the_latest_that_it_is_made_of(rows: str) -> None:
    table = read_table(f"formula,target,year\n{rows}", Columns(target="target", order="year"))
    assert table.targets is not None
    assert (table.targets.target.tolist(), table.targets.order.tolist()) == ([3.0], [2020])


def test_a_decimal_comma_is_no_second_column() -> None:
    """Else 46,3 would be 46. Commas at the end of a row, as spreadsheets leave them, mean nothing."""
    table = read_table("formula,target\nMgO,46,3\nPbTe,2.1,,\n", Columns(target="target"))
    assert table.ids == ("1",)
    assert table.summary()["rejected"] == [[0, "MgO", "it has more cells than the header, as of 1,5 for 1.5"]]


def test_a_row_of_no_group_is_listed() -> None:
    """Rows without a name of a group are not one group."""
    text = "formula,target,family\nMgO,1,oxides\nPbTe,2,\nNaCl,3, \n"
    table = read_table(text, Columns(target="target", group="family"))
    assert table.ids == ("0",)
    assert table.summary()["rejected_by_kind"] == {"no value": 2}


def test_an_age_must_be_a_whole_number() -> None:
    rows = [f"NaCl,1,{age}" for age in ("1990", "2001.0", "1e300", "1990.5", "then")]
    table = read_table("\n".join(["formula,y,year", *rows]), Columns("y", order="year"))
    assert [row.row for row in table.rejected] == [2, 3, 4]


def structures_csv(texts: list[str]) -> str:
    """Return a table of structures."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([["id", "crystal", "value"], *([f"m{row}", one, row] for row, one in enumerate(texts))])
    return text.getvalue()


def test_structures_are_read_and_equal_ones_kept_once() -> None:
    rock = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    caesium = Structure(Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    same = rock.copy()
    same.translate_sites([0], [-1e-9, 0, 0], to_unit_cell=False)  # less than what a file rounds
    texts = [str(one.as_dict()) for one in (rock, caesium, same)]
    table = read_table(structures_csv([*texts, "nothing"]), Columns(target="value", structure="crystal"))
    assert isinstance(table.compounds, StructureSet)
    assert table.compounds.sizes.tolist() == [8, 2]
    assert [formula_of_row(table.compounds, row) for row in range(2)] == ["NaCl", "CsCl"]
    assert table.compounds.columns["structure_label"].tolist() == ["m0", "m1"]
    assert table.repeated == {"NaCl": 2}
    assert [row.kind for row in table.rejected] == ["structure"]
    assert table.compounds.to_pymatgen(1).matches(caesium)


def test_structures_without_a_value_are_rejected() -> None:
    structures = StructureSet.from_ase([bulk("Cu"), bulk("Al"), bulk("Ni")])
    table = table_of_structures(structures, ["x", "y", "z"], [1.0, np.nan, 3.0])
    assert table.ids == ("x", "z")
    assert [formula_of_row(table.compounds, row) for row in range(2)] == ["Cu", "Ni"]  # type: ignore[arg-type]
    assert [row.row for row in table.rejected] == [1]
    with pytest.raises(PropertyTableError, match="none of the 3 structures"):
        table_of_structures(structures, ["x", "y", "z"], [np.nan] * 3)


@pytest.mark.parametrize(
    ("text", "columns", "merge", "words"),
    [
        (TABLE, Columns(target="gap"), "median", "no column 'gap', its columns are material_id, formula"),
        (TABLE, Columns(target="energy"), "best", "merged by 'best'"),
        ("", Columns(), "median", "no column 'formula', its columns are none"),
        ("formula\n", Columns(), "median", "no row of the table can be used: it has none"),
        ("formula\nXx\n", Columns(), "median", "no row of the table can be used: the first because 'Xx'"),
        ("formula,a\nNaCl,\0\n", Columns(target="a"), "median", "CSV|no row"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(
    text: str, columns: Columns, merge: str, words: str
) -> None:
    with pytest.raises(PropertyTableError, match=words) as caught:
        read_table(text, columns, merge)
    assert "\n" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_fuzzed_tables_are_read_or_refused(noise: str) -> None:
    with suppress(PropertyTableError):
        read_table(f"formula,energy\nNaCl,1\n{noise}", Columns(target="energy"))


def test_formulas_agree_with_pymatgen() -> None:
    structures = StructureSet.from_ase([bulk("NaCl", "rocksalt", a=5.6) * (2, 1, 1), bulk("Fe", cubic=True)])
    for row in range(2):
        found = PymatgenComposition(formula_of_row(structures, row))
        assert found == structures.to_pymatgen(row).composition.reduced_composition


def test_the_limit_of_cells_is_put_back() -> None:
    before = csv.field_size_limit()
    with long_cells():
        assert csv.field_size_limit() > before
    assert csv.field_size_limit() == before
