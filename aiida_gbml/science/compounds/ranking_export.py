"""Rankings as files that other tools read, each with the licence and with where it is from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.ranking import Ranking, RankingError

if TYPE_CHECKING:
    import pandas as pd


def ranking_table(ranking: Ranking) -> pd.DataFrame:
    """Return one row a candidate: place, formula, elements, anion, score, probability and further columns."""
    import pandas as pd

    rows = range(len(ranking))
    table: pd.DataFrame = pd.DataFrame(
        {
            "place": ranking.places.astype(np.int64),
            "formula": ranking.formulas(),
            "n_elements": np.full(len(ranking), ranking.run.arity),
            "elements": [" ".join(ranking.composition(row).elements) for row in rows],
            "anion": [SYMBOLS[number] for number in ranking.anions.tolist()],
            "score": ranking.scores,
            "probability": ranking.probability,
        }
    )
    taken = set(table.columns)
    for name, column in sorted(ranking.columns.items()):
        table[f"{name}_score" if name in taken else name] = column
    return table


def provenance(ranking: Ranking) -> dict[str, Any]:
    """Return the licence of a ranking, and where it is from, as plain values."""
    run = ranking.run
    return {
        **run.provenance(),
        "n_scored": ranking.n_scored,
        "n_shards": run.n_shards,
        "top_k": run.top_k,
        "n_excluded": run.n_excluded,
        "ranking_sha256": ranking.sha256,
    }


def write_ranking(ranking: Ranking, path: Path, fmt: str, origin: Mapping[str, str] | None = None) -> None:
    """Write a ranking as a file; equal rankings give equal bytes, and a file that is there stays until all is written.

    :param fmt: csv, parquet, sqlite or json.
    :param origin: what else is known of where it is from, such as identifiers of the model and of the training set.
    :raises RankingError: for an unknown format.
    :raises OSError: when the file cannot be written; then none is left behind.
    """
    if fmt not in FORMATS:
        raise RankingError(f"there is no format '{fmt}', known are {', '.join(FORMATS)}")
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)  # of a process that was killed
    try:
        FORMATS[fmt](ranking, partial, dict(origin or {}))
        partial.replace(path)
    except sqlite3.Error as exception:
        raise OSError(f"'{path}' cannot be written: {exception}") from exception
    finally:
        partial.unlink(missing_ok=True)


def _write_csv(ranking: Ranking, path: Path, origin: dict[str, str]) -> None:
    """Write a table; licence and provenance stand in each row, since such a file has no other place for them."""
    table = ranking_table(ranking)
    for name, text in {**ranking.run.provenance(), **origin}.items():
        table[name] = text
    path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8")


def _write_parquet(ranking: Ranking, path: Path, origin: dict[str, str]) -> None:
    """Write a table with licence and provenance in the metadata of its schema, as JSON under ``aiida_gbml``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(ranking_table(ranking), preserve_index=False)
    metadata = {"aiida_gbml": json.dumps(_about(ranking, origin), sort_keys=True)}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def _write_sqlite(ranking: Ranking, path: Path, origin: dict[str, str]) -> None:
    """Write the tables ``ranking`` and ``provenance`` (name, value: texts as they are, all else as JSON)."""
    table = ranking_table(ranking)
    # Not the context manager of sqlite3, which commits but does not close.
    connection = sqlite3.connect(path)
    try:
        table.to_sql("ranking", connection, index=False)
        connection.execute("CREATE TABLE provenance (name TEXT PRIMARY KEY, value TEXT)")
        rows = [
            (name, value if isinstance(value, str) else json.dumps(value, sort_keys=True))
            for name, value in sorted(_about(ranking, origin).items())
        ]
        connection.executemany("INSERT INTO provenance VALUES (?, ?)", rows)
        connection.execute("CREATE INDEX by_formula ON ranking (formula)")
        connection.commit()
    finally:
        connection.close()


def _write_json(ranking: Ranking, path: Path, origin: dict[str, str]) -> None:
    """Write an object with ``provenance`` and ``rows``; numbers that the model does not give are null."""
    rows = [
        {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
        for row in ranking_table(ranking).to_dict(orient="records")
    ]
    content = {"provenance": _about(ranking, origin), "rows": rows}
    path.write_text(json.dumps(content, allow_nan=False, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def _about(ranking: Ranking, origin: dict[str, str]) -> dict[str, Any]:
    return {**provenance(ranking), **origin, "run": ranking.run.to_dict()}


FORMATS: dict[str, Callable[[Ranking, Path, dict[str, str]], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "sqlite": _write_sqlite,
    "json": _write_json,
}
"""How a ranking is written, by the name of the format."""
