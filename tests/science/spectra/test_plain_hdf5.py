"""Tests of aiida_gbml.science.spectra.plain_hdf5: the library of HDF5 is the oracle."""

import io
import struct

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.plain_hdf5 import Hdf5Error, PlainHdf5, lookup3
from aiida_gbml.science.spectra.plain_hdf5_writer import Leaf, Tree, write_hdf5


def file_of(**arrays):
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
    return stream


@pytest.mark.parametrize(
    ("content", "checksum"),
    # The vectors that Bob Jenkins' lookup3.c (public domain) prints in its driver5.
    [(b"", 0xDEADBEEF), (b"Four score and seven years ago", 0x17770551)],
)
def test_the_checksum_is_that_of_its_author(content, checksum):
    assert lookup3(content) == checksum


@pytest.mark.parametrize(
    "array",
    [
        np.linspace(0, 1, 12).reshape(4, 3),
        np.arange(5, dtype="<f4"),
        np.arange(-3, 3, dtype="i2"),
        np.array([b"ab", b"c"]),
        np.array([True, False, True]),
        np.zeros((0, 4)),
        np.array(2.5),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_of_the_library_are_read(array):
    dataset = PlainHdf5(file_of(a=array)).root.dataset("a")
    assert dataset.shape == array.shape
    assert dataset.read().dtype == array.dtype
    assert np.array_equal(dataset.read(), array)


def test_rows_are_read_alone():
    array = np.arange(12.0).reshape(4, 3)
    dataset = PlainHdf5(file_of(a=array)).root.dataset("a")
    assert np.array_equal(dataset.read(1, 3), array[1:3])
    with pytest.raises(Hdf5Error, match="rows 3 to 5 of an array of 4"):
        dataset.read(3, 5)


class Narrow(io.BytesIO):
    """A stream as repositories have them: it reads a little at a time, and not into buffers."""

    readinto = None

    def read(self, size=-1):
        return super().read(min(size, 100) if size > 100 else size)


def test_streams_without_buffers_are_read():
    array = np.arange(1000.0)
    assert np.array_equal(PlainHdf5(Narrow(file_of(a=array).getvalue())).root.dataset("a").read(), array)


def test_groups_and_their_texts():
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        file.create_group("entry").attrs["NX_class"] = np.bytes_("NXentry")
        file["entry/x"] = 1.0
        file["entry"].attrs["number"] = 3
    group = PlainHdf5(stream).root.group("entry")
    assert list(group.links) == ["x"]
    assert group.attributes == {"NX_class": "NXentry"}
    with pytest.raises(Hdf5Error, match="'y' is missing"):
        group.dataset("y")
    with pytest.raises(Hdf5Error, match="'entry' is no array"):
        PlainHdf5(stream).root.dataset("entry")
    with pytest.raises(Hdf5Error, match="array stands where a group"):
        _ = group.group("x").links


def chunked(file):
    file.create_dataset("a", (4, 4), "f8", chunks=(2, 2))


def compressed(file):
    file.create_dataset("a", (4, 4), "f8", compression="gzip")


def compact(file):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(file.id, b"a", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create_simple((2,)), plist)


def variable_text(file):
    file["a"] = "text"


def growing(file):
    file.create_dataset("a", (4,), "f8", maxshape=(None,))


def big_endian(file):
    file["a"] = np.arange(3, dtype=">f8")


@pytest.mark.parametrize("make", [chunked, compressed, compact, variable_text, growing, big_endian])
def test_other_arrays_are_refused(make):
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        make(file)
    with pytest.raises(Hdf5Error, match=r"storage is|compression filter|are not read|is not read|not fixed"):
        PlainHdf5(stream).root.dataset("a")


def test_groups_in_a_heap_are_refused():
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        for number in range(20):
            file[f"a{number}"] = 1.0
    with pytest.raises(Hdf5Error, match="in a heap"):
        _ = PlainHdf5(stream).root.links


def test_an_array_beyond_the_file_is_refused_before_memory_is_taken():
    stream = io.BytesIO()
    write_hdf5(stream, Tree({"a": Leaf(np.zeros((3, 5)))}))
    content = bytearray(stream.getvalue())
    shape = struct.pack("<QQ", 3, 5)
    at = content.index(shape)
    content[at : at + 16] = struct.pack("<QQ", 2**40, 2**20)
    header = content.rindex(b"OHDR", 0, at)
    end = header + 10 + int.from_bytes(content[header + 6 : header + 10], "little")
    content[end : end + 4] = struct.pack("<I", lookup3(bytes(content[header:end])))
    with pytest.raises(Hdf5Error, match="does not fit into the file"):
        PlainHdf5(io.BytesIO(content)).root.dataset("a")


def test_a_changed_header_is_noticed():
    content = bytearray(file_of(a=np.zeros(3)).getvalue())
    content[content.index(b"OHDR") + 8] ^= 1
    with pytest.raises(Hdf5Error, match=r"damaged|missing|not read"):
        PlainHdf5(io.BytesIO(content)).root.dataset("a")
