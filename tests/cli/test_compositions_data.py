"""`verdi data gbml.compositions`, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_gbml.cli.compositions_data import compositions
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet, Rejected

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def stored(*formulas: str, source: str = "a list", ages: list[int] | None = None, unit: str = "") -> CompositionSetData:
    rejected = [Rejected(7, "D2O", "isotope", "'D2O' names deuterium (D)")]
    content = CompositionSet.of([parse_formula(text) for text in formulas], None, ages, source, "CC0", rejected, unit)
    return CompositionSetData(content).store()


def call(*arguments: Any, expect: int = 0) -> str:
    result = CliRunner().invoke(compositions, [str(one) for one in arguments])
    assert result.exit_code == expect, result.output
    assert "Traceback" not in result.output
    return result.output


def listed(*arguments: Any) -> list[str]:
    return [line.split()[0] for line in call("list", "--raw", *arguments).splitlines() if line]


def test_sets_are_found_by_what_is_in_them() -> None:
    salts, oxides = stored("NaCl", "KCl"), stored("BaTiO3", "MgO", source="100%_sure")
    assert listed() == [str(oxides.pk), str(salts.pk)]
    assert listed("--element", "Ti") == [str(oxides.pk)]
    assert listed("--arity", 3) == [str(oxides.pk)]
    assert listed("--source", "A LI") == [str(salts.pk)]
    assert listed("--source", "0%_s") == [str(oxides.pk)]
    assert listed("--source", "%z_") == []
    assert "2:1 3:1" in call("list")
    assert "nothing fits" in call("list", "--arity", 9)


def test_a_set_is_shown_with_what_was_rejected() -> None:
    text = call("show", stored("NaCl", "BaTiO3", ages=[2001, 1999], unit="year").pk)
    for part in (
        "2 (1 of 2, 1 of 3 elements)",
        "year 1999 to 2001",
        "1 isotope",
        "rows counted from 0:",
        "row 7: 'D2O' names",
        "BaTiO3",
        "CC0",
    ):
        assert part in text
    short = call("show", stored("NaCl").pk, "--rows", 0)
    assert "names" not in short
    assert "first seen     unknown" in short


@pytest.mark.parametrize(("ages", "unit"), [(None, ""), ([2001, 1999, 1990], "year"), ([737000, 1, 7], "day")])
@pytest.mark.parametrize("fmt", ["csv", "json"])
def test_what_is_exported_is_imported_again(tmp_path: Path, fmt: str, ages: list[int] | None, unit: str) -> None:
    node = stored("NaCl", "BaTiO3", "Fe2O3", ages=ages, unit=unit)
    path = tmp_path / f"set.{fmt}"
    call("export", node.pk, "-F", fmt, "-o", path)
    assert "stored 3 compositions" in call("import", path, "--source", "a list", "--licence", "CC0")
    again = latest()
    for name in ("numbers", "coefficients", "ids", "first_seen"):
        assert getattr(again.compositions, name).tolist() == getattr(node.compositions, name).tolist()
    assert again.compositions.age_unit == unit
    assert "exists already" in call("export", node.pk, "-o", path, expect=1)


def latest() -> CompositionSetData:
    query = orm.QueryBuilder().append(CompositionSetData, tag="set").order_by({"set": {"id": "desc"}})
    return query.first(flat=True)  # type: ignore[no-any-return]


def test_a_part_is_exported() -> None:
    node = stored("NaCl", "BaTiO3", "SrTiO3")
    lines = ["id,formula,source,licence", "1,BaTiO3,a list,CC0", "2,SrTiO3,a list,CC0"]
    assert call("export", node.pk, "--arity", 3).splitlines() == lines
    document = json.loads(call("export", node.pk, "-F", "json", "--element", "Sr"))
    assert [record["formula"] for record in document["records"]] == ["SrTiO3"]
    assert (document["licence"], document["uuid"], document["rejected"][0]["kind"]) == ("CC0", node.uuid, "isotope")
    assert call("export", node.pk, "--element", "U") == "id,formula,source,licence\n"


def test_a_file_becomes_a_node_whose_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text("name,when,what\nx,2001,NaCl\ny,1999,D2O\nz,1998,KCl\n")
    text = call("import", path, "--column", "what", "--id-column", "name", "--age", "year", "--age-column", "when")
    assert "stored 2 compositions" in text
    assert "1 rows rejected (1 isotope)" in text
    node = latest()
    assert node.compositions.ids.tolist() == ["x", "z"]
    assert node.creator.inputs.file.filename == "known.csv"
    call("import", path, "--column", "what", "--label", "salts")
    assert latest().label == "salts"


def test_files_that_cannot_be_read_end_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("[")
    assert "'bad.json': the file is not readable as JSON" in call("import", path, expect=1)
    path.write_text('["D2O"]')
    assert "none of the 1 rows of 'bad.json' is a composition (1 isotope)" in call("import", path, expect=1)
    call("import", tmp_path / "none.csv", expect=2)
