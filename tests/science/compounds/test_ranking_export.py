"""Files of rankings: other tools read the same rows, with licence and provenance."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from rankings import ranked
from score_kernels import TableKernel

from aiida_gbml.science.compounds.ranking import Ranking, RankingError
from aiida_gbml.science.compounds.ranking_export import FORMATS, provenance, ranking_table, write_ranking

FORMATS_BEFORE = dict(FORMATS)


@pytest.fixture(scope="module")
def ranking() -> Ranking:
    whole = ranked(TableKernel.whole(3, 22, 3), size=60)
    probability = np.where(np.arange(60) % 2, np.nan, 0.25)
    return replace(whole, probability=probability, columns={"cp": whole.scores / 3, "score": whole.scores})


def read(path: Path, fmt: str) -> pd.DataFrame:
    """Return the rows of a file by the tool that is usual for it."""
    if fmt == "csv":
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    if fmt == "parquet":
        return pd.read_parquet(path)
    if fmt == "json":
        return pd.DataFrame.from_records(json.loads(path.read_text())["rows"])
    connection = sqlite3.connect(path)
    table: pd.DataFrame = pd.read_sql_query("SELECT * FROM ranking ORDER BY place", connection)
    connection.close()
    return table


@pytest.mark.parametrize("fmt", FORMATS)
def test_other_tools_read_the_same_rows(fmt: str, ranking: Ranking, tmp_path: Path) -> None:
    path = tmp_path / "ranking"
    write_ranking(ranking, path, fmt)
    table = read(path, fmt)
    assert table["formula"].tolist() == ranking.formulas()
    assert table["place"].tolist() == list(range(1, 61))
    assert np.array_equal(table["score"].to_numpy(), ranking.scores)
    assert np.array_equal(table["cp"].to_numpy(), ranking.columns["cp"])
    assert np.array_equal(table["probability"].to_numpy(dtype=float), ranking.probability, equal_nan=True)
    assert all(anion in elements.split() for anion, elements in zip(table["anion"], table["elements"], strict=True))
    assert set(table["n_elements"]) == {3}


@pytest.mark.parametrize("fmt", FORMATS)
def test_equal_rankings_give_equal_bytes(fmt: str, ranking: Ranking, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_ranking(ranking, tmp_path / name, fmt)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_licence_and_provenance_are_in_every_file(ranking: Ranking, tmp_path: Path) -> None:
    for fmt in FORMATS:
        write_ranking(ranking, tmp_path / fmt, fmt, {"model_uuid": "some-model"})
    connection = sqlite3.connect(tmp_path / "sqlite")
    stored = dict(connection.execute("SELECT name, value FROM provenance").fetchall())
    connection.close()
    found = {
        "csv": pd.read_csv(tmp_path / "csv").iloc[5].to_dict(),
        "parquet": json.loads(pq.read_schema(tmp_path / "parquet").metadata[b"aiida_gbml"]),
        "json": json.loads((tmp_path / "json").read_text())["provenance"],
        "sqlite": stored,
    }
    for name in ("licence", "source", "model", "model_sha256", "training_sha256"):
        assert {fmt: about[name] for fmt, about in found.items()} == dict.fromkeys(FORMATS, provenance(ranking)[name])
    assert {about["model_uuid"] for about in found.values()} == {"some-model"}
    assert found["json"]["ranking_sha256"] == ranking.sha256
    assert json.loads(found["sqlite"]["run"])["space"]["arity"] == 3


def test_an_empty_ranking_is_written_too(ranking: Ranking, tmp_path: Path) -> None:
    empty = ranking.take(np.zeros(60, dtype=bool))
    for fmt in FORMATS:
        write_ranking(empty, tmp_path / fmt, fmt)
    assert len(ranking_table(empty)) == 0


def test_an_unknown_format_is_refused(ranking: Ranking, tmp_path: Path) -> None:
    with pytest.raises(RankingError, match="no format 'xlsx', known are csv, parquet"):
        write_ranking(ranking, tmp_path / "a", "xlsx")


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_file_stays_until_the_next_one_is_whole(
    fmt: str, ranking: Ranking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ranking"
    path.write_text("the earlier file")
    (tmp_path / ".ranking.partial").write_text("of a process that was killed")

    def full(*arguments: Any) -> None:
        FORMATS_BEFORE[fmt](*arguments)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setitem(FORMATS, fmt, full)
        with pytest.raises(OSError, match="No space left"):
            write_ranking(ranking, path, fmt)
    assert path.read_text() == "the earlier file"
    write_ranking(ranking, path, fmt)
    assert read(path, fmt)["formula"].tolist() == ranking.formulas()
    assert [one.name for one in tmp_path.iterdir()] == ["ranking"]


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_folder_that_is_not_there_is_named(fmt: str, ranking: Ranking, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        write_ranking(ranking, tmp_path / "absent" / "ranking", fmt)
