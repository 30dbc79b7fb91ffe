"""The benchmark of properties says one line of figures or one sentence, whatever the tables."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import properties
import pytest

ELEMENTS = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd", "Fe", "Ni")
FAST = ("--no-baseline", "--model", "kernel_ridge")


def measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: object) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["properties.py", *map(str, options)])
    properties.main()
    line, nothing = capsys.readouterr().out.split("\n")
    assert nothing == ""
    return json.loads(line, parse_constant=lambda word: pytest.fail(f"'{word}' is no JSON"))


def table(path: Path, values: list[float], anion: str = "O") -> Path:
    rows = [f"{element}{anion},{value}" for element, value in zip(ELEMENTS, values, strict=False)]
    path.write_text("\n".join(["formula,target", *rows]))
    return path


@pytest.mark.parametrize("value", [2.5, 0.1])
def test_of_equal_targets_there_is_nothing_to_explain(tmp_path, monkeypatch, capsys, value) -> None:
    found = measured(monkeypatch, capsys, "--train", table(tmp_path / "a.csv", [value] * 12), *FAST)
    assert found["r2"] == found["rmse"] == found["mean_width"] == 0.0
    assert found["n"] == found["n_tested"] == found["n_systems"] == 12


def test_compounds_that_are_in_both_files_are_told(tmp_path, monkeypatch, capsys) -> None:
    train = table(tmp_path / "a.csv", [float(number) for number in range(12)])
    test = table(tmp_path / "b.csv", [1.0, 2.0, 3.0])
    with test.open("a") as stream:
        stream.write("\nLiF,1.0\nLiF,3.0\nXy,1\n")
    found = measured(monkeypatch, capsys, "--train", train, "--test", test, *FAST)
    assert (found["n"], found["n_tested"], found["n_tested_of_learnt_systems"]) == (12, 4, 3)
    assert (found["n_rejected"], found["n_repeated"]) == (1, 1)
    assert found["descriptors"] == "composition"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("formula,target\n", "no row of the table can be used"),
        ("", "has no column"),
        ("formula,target\nMgO,1\n", "give more data or ask for fewer folds"),
        ('formula,target\n"' + "x" * 10_000_001 + '",1\n', "field larger than field limit"),
    ],
)
def test_other_tables_are_refused_in_a_sentence(tmp_path, monkeypatch, capsys, text, reason) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SystemExit, match=rf"^properties.py: [^\n]*{reason}[^\n]*$"):
        measured(monkeypatch, capsys, "--train", tmp_path / "a.csv")
