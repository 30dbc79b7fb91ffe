"""Options of readers."""

import pytest

from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions


def test_unknown_kinds_of_age_are_refused() -> None:
    assert ReadOptions(age="year").age == "year"
    with pytest.raises(ReaderError, match="not read from 'moon', known are auto, none, date, year, identifier"):
        ReadOptions(age="moon")  # type: ignore[arg-type]
