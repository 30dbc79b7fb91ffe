"""Tests of aiida_gbml.science.spectra.plain_hdf5_writer: the library of HDF5 reads what is written."""

import io

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.plain_hdf5 import Hdf5Error, PlainHdf5
from aiida_gbml.science.spectra.plain_hdf5_writer import Leaf, Tree, write_hdf5

ARRAYS = {
    "bool": np.array([True, False]),
    "bytes": np.array(["Å".encode(), b"abc"]),
    "double": np.linspace(0, 1, 6).reshape(2, 3),
    "empty": np.zeros((0, 240)),
    "float": np.arange(3, dtype="f4"),
    "foreign": np.arange(3, dtype=">i4"),
    "long": np.array([-(2**40), 2**40]),
    "scalar": np.array(True),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "unsigned": np.arange(3, dtype="u2"),
}


@pytest.fixture
def stream():
    leaves = {name: Leaf(array, {"units": "eV"}) for name, array in ARRAYS.items()}
    entry = Tree({**leaves, "again": Tree({"double": leaves["double"]})}, {"NX_class": "NXentry", "axes": [".", "Å"]})
    many = Tree({f"member_{number}": Leaf(np.array(number)) for number in range(300)})
    stream = io.BytesIO()
    write_hdf5(stream, Tree({"entry": entry, "many": many}, {"NX_class": "NXroot"}))
    return stream


def test_the_library_reads_everything(stream):
    with h5py.File(stream, "r") as file:
        assert file.attrs["NX_class"] == b"NXroot"
        assert [one.decode() for one in file["entry"].attrs["axes"]] == [".", "Å"]
        for name, array in ARRAYS.items():
            assert np.array_equal(file["entry"][name][()], array), name
            assert file["entry"][name].dtype == array.dtype.newbyteorder("<"), name
            assert file["entry"][name].attrs["units"] == b"eV"
        assert file["entry/double"] == file["entry/again/double"]
        assert len(file["many"]) == 300
        assert file["many/member_123"][()] == 123


def test_the_library_can_change_the_file(stream):
    with h5py.File(stream, "r+") as file:
        del file["entry/double"]
        file["entry/new"] = 3.0
        assert np.array_equal(file["entry/again/double"][()], ARRAYS["double"])
    with h5py.File(stream, "r") as file:
        assert file["entry/new"][()] == 3.0


def test_our_reader_reads_everything(stream):
    group = PlainHdf5(stream).root.group("entry")
    for name, array in ARRAYS.items():
        assert np.array_equal(group.dataset(name).read(), array), name


def test_equal_content_gives_equal_bytes():
    first, second = io.BytesIO(), io.BytesIO()
    write_hdf5(first, Tree({"a": Leaf(np.arange(3)), "b": Leaf(np.arange(2))}))
    write_hdf5(second, Tree({"b": Leaf(np.arange(2)), "a": Leaf(np.arange(3))}))
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([1j]), np.array([None])])
def test_other_types_are_refused(array):
    with pytest.raises(Hdf5Error, match="are not stored"):
        write_hdf5(io.BytesIO(), Tree({"a": Leaf(array)}))


def test_too_long_attributes_are_refused():
    with pytest.raises(Hdf5Error, match="64 kB"):
        write_hdf5(io.BytesIO(), Tree({}, {"a": "x" * 70_000}))
