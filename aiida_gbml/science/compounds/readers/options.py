"""What a reader is told: which columns, which ages, and what the file does not say of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Age = Literal["auto", "none", "date", "year", "identifier"]

AGES: tuple[Age, ...] = get_args(Age)
"""Where the age of a composition is from: a column of dates or years, or the number in its identifier."""


class ReaderError(ValueError):
    """A file that is no list of compositions."""


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    :param column: name of the column of formulas; found by its name, and in a database by its content, if not given.
    :param id_column: name of the column of identifiers.
    :param age: what first-seen values are read from. By default a column of dates or years if there is one, else
        identifiers such as ``mp-123`` if all are of that form.
    :param age_column: name of the column of dates, years or numbers.
    :param table: name of the table of a database; all with formulas by default.
    :param source: where the compositions are from; the name of the file by default.
    :param licence: under which they may be used; what the file says by default.
    :raises ReaderError: for an unknown kind of age.
    """

    column: str | None = None
    id_column: str | None = None
    age: Age = "auto"
    age_column: str | None = None
    table: str | None = None
    source: str | None = None
    licence: str | None = None

    def __post_init__(self) -> None:
        if self.age not in AGES:
            raise ReaderError(f"ages are not read from '{self.age}', known are {', '.join(AGES)}")
