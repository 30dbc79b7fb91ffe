"""One function for every file: the content decides."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiida_gbml.science.compounds.readers import files
from aiida_gbml.science.compounds.readers.files import read_compositions, read_scored_compositions
from aiida_gbml.science.compounds.readers.options import ReaderError


def write_list(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE data2 (formula TEXT, score REAL)")
        connection.execute("INSERT INTO data2 VALUES ('NaCl', 1.5), ('KCl', 0.5)")


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.csv": lambda path: path.write_text("formula\nNaCl\nKCl\n"),
    "a.txt": lambda path: path.write_text("[NaCl]\n[KCl]\n"),
    "a.json": lambda path: path.write_text('["NaCl", "KCl"]'),
    "no_suffix": lambda path: path.write_text(' \n["NaCl", "KCl"]'),
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(b"formula\nNaCl\nKCl\n")),
    "a.json.gz": lambda path: path.write_bytes(gzip.compress(b'["NaCl", "KCl"]')),
    "a.db": write_list,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_is_recognised(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    found = read_compositions(tmp_path / name)
    assert (found.formulas(), found.source) == (["NaCl", "KCl"], name)
    assert read_compositions(str(tmp_path / name)).to_bytes() == found.to_bytes()


def test_scores_of_a_list_are_kept(tmp_path: Path) -> None:
    write_list(tmp_path / "a.db")
    assert read_scored_compositions(tmp_path / "a.db")[1].tolist() == [1.5, 0.5]


def test_options_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\nNaCl,1999\n")
    found = read_compositions(tmp_path / "a.csv", column="x", age="year", age_column="y", source="here", licence="CC0")
    assert (found.source, found.licence, found.first_seen.tolist()) == ("here", "CC0", [1999])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "'a.csv': the file is empty"),
        ("a.json", b"[", "'a.json': the file is not readable as JSON"),
        ("a.db", b"SQLite format 3\0" + b"x" * 200, "'a.db': the database cannot be read"),
        ("a.gz", b"\x1f\x8b\x08 nonsense", "'a.gz': the packed file is damaged"),
        ("a.gz", gzip.compress(b"formula\nNaCl\n", mtime=0)[:-9], "'a.gz': the packed file is damaged"),
        ("a.csv", b"formula\nD2O\n", "none of the 1 rows of 'a.csv' is a composition"),
    ],
)
def test_errors_name_the_file_once(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReaderError, match=reason) as caught:
        read_compositions(tmp_path / name)
    assert str(caught.value).count(f"'{name}'") == 1
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(ReaderError, match="cannot be read"):
            read_compositions(path)


def test_what_unfolds_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"NaCl\n" * 1000))
    with pytest.raises(ReaderError, match="unfolds to more than 1000 bytes"):
        read_compositions(tmp_path / "a.gz")
    (tmp_path / "b.csv").write_bytes(b"NaCl\n" * 1000)
    with pytest.raises(ReaderError, match="more than 1000 bytes"):
        read_compositions(tmp_path / "b.csv")


def outcome(path: Path) -> str:
    try:
        read_compositions(path)
    except ReaderError as error:
        return str(error)
    return ""


@given(
    content=st.binary(max_size=200),
    head=st.sampled_from([b"", b"\x1f\x8b\x08\0", b"SQLite format 3\0", b"[", b'{"data']),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_end_in_a_set_or_one_sentence(tmp_path: Path, content: bytes, head: bytes) -> None:
    for name in ("a.csv", "a.json"):
        (tmp_path / name).write_bytes(head + content)
        assert "\n" not in outcome(tmp_path / name)


def test_a_set_does_not_depend_on_the_format(tmp_path: Path) -> None:
    formulas = ["NaCl", "KCl", "D2O", "BaTiO3", "Na2Cl2"]
    (tmp_path / "a.csv").write_text("formula\n" + "\n".join(formulas))
    (tmp_path / "a.json").write_text(json.dumps(formulas))
    one, other = (read_compositions(tmp_path / name, source="x") for name in ("a.csv", "a.json"))
    assert one.to_bytes() == other.to_bytes()
