"""Tests of aiida_gbml.science.archive."""

import io
import zipfile
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from aiida_gbml.science.archive import ArchiveError, Array, ArrayRecord, read_arrays, write_arrays

PLAIN = st.one_of(npst.integer_dtypes(), npst.floating_dtypes(), npst.boolean_dtypes(), npst.unicode_string_dtypes())


@given(npst.arrays(PLAIN, npst.array_shapes(min_dims=1, min_side=0)))
def test_arrays_come_back_as_they_were(array):
    again = read_arrays(write_arrays({"a": array, "b.c": array[:1]}))
    assert sorted(again) == ["a", "b.c"]
    assert again["a"].dtype == array.dtype
    assert np.array_equal(again["a"], array, equal_nan=array.dtype.kind == "f")


def test_equal_arrays_give_equal_bytes_in_any_order():
    arrays = {"x": np.arange(3.0), "y": np.array(["a", "bc"])}
    assert write_arrays(arrays) == write_arrays(dict(reversed(arrays.items())))


def test_strided_arrays_are_stored_like_their_copies():
    array = np.arange(12.0).reshape(3, 4).T[::2]
    assert write_arrays({"x": array}) == write_arrays({"x": array.copy()})


@pytest.mark.parametrize("array", [np.array([object()]), np.array([1j]), np.array([b"raw"])])
def test_what_is_not_plain_is_not_written(array):
    with pytest.raises(ArchiveError, match="array 'x' has the type"):
        write_arrays({"x": array})


def test_an_array_of_objects_is_not_read():
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ArchiveError, match="not a readable array archive"):
        read_arrays(buffer.getvalue())


def test_a_member_that_is_no_array_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("note.txt", "hello")
    with pytest.raises(ArchiveError, match="is no plain array"):
        read_arrays(buffer.getvalue())


def test_damaged_bytes_raise_nothing_else_and_change_no_number():
    truth = {"x": np.arange(50.0), "s": np.array(["ok", "failed"])}
    content = write_arrays(truth)
    rng = np.random.default_rng(1)
    for _ in range(500):
        at = int(rng.integers(len(content)))
        flipped = content[:at] + bytes([content[at] ^ (1 << int(rng.integers(8)))]) + content[at + 1 :]
        for damaged in (content[:at], flipped, content[at:]):
            try:
                arrays = read_arrays(damaged)
            except ArchiveError:
                continue
            # Zip keeps a checksum of every member: what is read is right, but a damaged directory can hide a member.
            assert all(np.array_equal(arrays[name], truth[name]) for name in arrays if name in truth)


def test_members_that_share_their_bytes_are_not_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", write_arrays({"x": np.zeros(1000)}))
        archive.filelist *= 2
    with pytest.raises(ArchiveError, match="promise more bytes than the archive has"):
        read_arrays(buffer.getvalue())


class RowsError(ValueError):
    """The arrays are no rows."""


@dataclass(frozen=True)
class Rows(ArrayRecord):
    """Numbers, and a text for each where there are any."""

    ERROR: ClassVar[type[ValueError]] = RowsError

    number: Array
    text: Array | None = None


def test_a_record_comes_back_as_it_was_and_may_be_continued():
    one, other = Rows(np.arange(2), np.array(["a", "b"])), Rows(np.arange(3), np.array(["", "c", "de"]))
    both = Rows.from_bytes((one + other).to_bytes())
    assert both.number.tolist() == [0, 1, 0, 1, 2]
    assert both.text.tolist() == ["a", "b", "", "c", "de"]
    assert Rows.from_bytes(Rows(np.arange(2)).to_bytes()).text is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"junk", "not a readable array archive"),
        (write_arrays({"text": np.array(["a"])}), "the archive holds text, expected number, text"),
        (write_arrays({"number": np.ones(1), "self": np.ones(1)}), "the archive holds number, self, expected"),
        (write_arrays({}), "the archive holds nothing"),
    ],
)
def test_what_is_no_such_record_is_named(content, words):
    with pytest.raises(RowsError, match=words):
        Rows.from_bytes(content)
