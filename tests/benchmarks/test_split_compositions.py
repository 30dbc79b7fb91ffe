"""Tables are cut in two by the numbers of identifiers, and no row goes astray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import split_compositions

TABLE = "\ufeffid,formula,note\nmp-30,KCl,\nmp-7,NaCl,x\n\n,LiF,\nicsd,RbI,\nmvc-12b,CsI\n"


def split(folder: Path, *options: str, table: str = TABLE) -> None:
    (folder / "table.csv").write_text(table, encoding="utf-8")
    split_compositions.main([str(folder / "table.csv"), "--output", str(folder / "parts"), *options])


def test_rows_go_by_their_numbers_and_those_without_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split(tmp_path, "--cutoff", "12")
    assert json.loads(capsys.readouterr().out) == {"cutoff": 12, "n_known": 1, "n_later": 2, "n_without_number": 2}
    assert (tmp_path / "parts" / "known.csv").read_text() == "id,formula,note\nmp-7,NaCl,x\n"
    assert (tmp_path / "parts" / "later.csv").read_text() == "id,formula,note\nmp-30,KCl,\nmvc-12b,CsI\n"


@pytest.mark.parametrize(
    ("options", "table", "reason"),
    [
        (("--cutoff", "5"), TABLE, "'n_known': 0, .* choose another cut-off"),
        (("--cutoff", "5"), "", "there are none"),
        (("--cutoff", "2"), "formula\nKCl\nMgCl2\nAlCl3\n", r"\(there are formula\): name .* --id-column"),
        (("--cutoff", "5", "--id-column", "task"), TABLE, "no column 'task' for .*; there are id, formula, note"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_one_sentence(
    options: tuple[str, ...], table: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=reason):
        split(tmp_path, *options, table=table)


def test_columns_may_come_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split(tmp_path, "--cutoff", "12", table="formula,material_id\nK2O,mp-30\nNa20Cl,mp-7\n")
    assert json.loads(capsys.readouterr().out) == {"cutoff": 12, "n_known": 1, "n_later": 1, "n_without_number": 0}
    assert (tmp_path / "parts" / "known.csv").read_text() == "formula,material_id\nNa20Cl,mp-7\n"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00a"])
def test_a_file_that_cannot_be_read_ends_in_one_sentence(content: bytes | None, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(SystemExit, match=r"'.*table.csv' cannot be split: ") as ended:
        split_compositions.main([str(table), "--cutoff", "5", "--output", str(tmp_path)])
    assert "\n" not in str(ended.value)
