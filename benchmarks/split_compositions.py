"""Split a table of compositions by the number in its identifiers, for benchmarks/recommender.py: one JSON line.

    python benchmarks/split_compositions.py known_compositions.csv --cutoff 600000 --output FOLDER

``known.csv`` gets the rows with a number below the cut-off, ``later.csv`` the others, both with the table's header.
Rows whose identifier has no number are in neither of them; they are counted.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

from aiida_gbml.science.compounds.readers.options import ReaderError
from aiida_gbml.science.compounds.readers.rows import ID_COLUMNS, named

NUMBER = re.compile(r"([0-9]+)[^0-9]*$")


def number_of(identifier: str) -> int | None:
    """Return the last number in an identifier such as ``mp-123``, nothing where there is none."""
    found = NUMBER.search(identifier)
    return None if found is None else int(found.group(1))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both tables and print how many rows they have."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--cutoff", type=int, required=True, help="first number that is later")
    parser.add_argument("--id-column", help="of identifiers; found by its name if not given")
    parser.add_argument("--output", type=Path, default=Path())
    given = parser.parse_args(arguments)
    try:
        with given.table.open(newline="", encoding="utf-8-sig") as handle:
            header, *rows = [row for row in csv.reader(handle) if any(row)] or [[]]
        column = named(given.id_column, header, ID_COLUMNS, f"identifiers in '{given.table}'")
    except (OSError, UnicodeDecodeError, csv.Error, ReaderError) as exception:
        raise SystemExit(f"'{given.table}' cannot be split: {exception}") from exception
    if column is None:  # numbers of formulas are no ages
        raise SystemExit(
            f"no column of '{given.table}' is called {', '.join(ID_COLUMNS)} "
            f"(there are {', '.join(header) or 'none'}): name that of the identifiers with --id-column"
        )
    place = header.index(column)
    numbered = [(number_of(row[place]) if place < len(row) else None, row) for row in rows]
    parts = {
        "known": [row for number, row in numbered if number is not None and number < given.cutoff],
        "later": [row for number, row in numbered if number is not None and number >= given.cutoff],
    }
    counts = {f"n_{name}": len(part) for name, part in parts.items()}
    counts["n_without_number"] = len(rows) - sum(counts.values())
    if not all(parts.values()):
        raise SystemExit(f"a part of '{given.table}' is empty ({counts}): choose another cut-off or --id-column")
    given.output.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        with (given.output / f"{name}.csv").open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle, lineterminator="\n").writerows([header, *part])
    print(json.dumps({"cutoff": given.cutoff} | counts))


if __name__ == "__main__":
    main()
