"""Tests of aiida_gbml.science.spectra.hdf5."""

import io
import subprocess
import sys

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.hdf5 import (
    Hdf5Error,
    add_array,
    add_group,
    array_of,
    create,
    has,
    open_file,
    read_rows,
    subgroup,
)

ARRAYS = {
    "bool": np.array([True, False]),
    "text": np.array(["Å", "abc"]),
    "no_text": np.array(["", ""]),
    "double": np.linspace(0, 1, 6).reshape(2, 3),
    "empty": np.zeros((0, 240)),
    "float": np.arange(3, dtype="f4"),
    "foreign": np.arange(3, dtype=">i4"),
    "long": np.array([-(2**40), 2**40]),
    "scalar": np.array(True),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "unsigned": np.arange(3, dtype="u2"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_what_is_added_is_read(name):
    stream = io.BytesIO()
    with create(stream) as file:
        add_array(add_group(file, "entry", NX_class="NXentry", axes=[".", "Å"]), name, ARRAYS[name], units="eV")
    with open_file(stream) as file:
        dataset = array_of(subgroup(file, "entry"), name)
        values = read_rows(dataset)
        assert np.array_equal(np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values, ARRAYS[name])
        assert dataset.attrs["units"] == b"eV"
        assert [one.decode() for one in file["entry"].attrs["axes"]] == [".", "Å"]
        assert dataset.chunks is None


def test_the_library_is_loaded_when_it_is_used():
    code = "import sys, aiida_gbml.science.spectra.dataset; sys.exit('h5py' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_tells_the_time():
    stream = io.BytesIO()
    with create(stream) as file:
        add_array(add_group(file, "entry"), "a", [1.0])
    with open_file(stream) as file:
        times = [h5py.h5g.get_objinfo(file[name].id).mtime for name in ("/", "entry", "entry/a")]
    assert times == [0, 0, 0]


@pytest.fixture
def big():
    """Return an array of several blocks and the same in a file."""
    values, stream = np.random.default_rng(1).random((2000, 50)), io.BytesIO()
    with create(stream) as file:
        add_array(file, "a", values)
    with open_file(stream) as file:
        yield values, array_of(file, "a")


@pytest.mark.parametrize(
    "rows",
    [
        slice(100, 1900),
        slice(1900, 100, -7),
        np.random.default_rng(2).integers(-2000, 2000, 500),
        np.arange(2000) % 3 == 0,
        np.array([1999, 0, 0, 1000]),
        np.zeros(0, dtype=int),
        np.zeros(2000, dtype=bool),
    ],
    ids=["run", "backwards", "any order", "booleans", "ends", "none", "no booleans"],
)
def test_some_rows_are_what_numpy_takes(big, rows):
    values, dataset = big
    assert np.array_equal(read_rows(dataset, rows), values[rows])


def test_rows_that_are_not_there(big):
    with pytest.raises(IndexError):
        read_rows(big[1], [2000])
    with pytest.raises(Hdf5Error, match="selected by"):
        read_rows(big[1], np.zeros((2, 2), dtype=int))


def test_booleans_are_true_or_false():
    stream = io.BytesIO()
    with create(stream) as file:
        offset = add_array(file, "a", [True, False, True]).id.get_offset()
    content = bytearray(stream.getvalue())
    content[offset : offset + 3] = b"\x02\x00\xff"
    with open_file(io.BytesIO(content)) as file:
        assert read_rows(array_of(file, "a")).view("u1").tolist() == [1, 0, 1]


def chunked(file):
    file.create_dataset("a", (4, 4), "f8", chunks=(2, 2))


def compressed(file):
    file.create_dataset("a", (4, 4), "f8", compression="gzip")


def compact(file):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(file.id, b"a", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create_simple((2,)), plist)


def external(file):
    file.create_dataset("a", (2,), "f8", external=[("/dev/zero", 0, 16)])


def virtual(file):
    layout = h5py.VirtualLayout((2,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "a", (2,))
    file.create_virtual_dataset("a", layout)


@pytest.mark.parametrize("make", [chunked, compressed, compact, external, virtual])
def test_other_storage_is_refused(make):
    with h5py.File(io.BytesIO(), "w") as file:
        make(file)
        with pytest.raises(Hdf5Error, match="in one piece in the file itself"):
            array_of(file, "a")


@pytest.mark.parametrize(
    "value",
    ["text", [1j], np.zeros(2, dtype=[("a", "f8")]), np.void(b"1")],
    ids=["variable text", "complex", "compound", "opaque"],
)
def test_other_types_are_refused(value):
    with h5py.File(io.BytesIO(), "w") as file:
        file["a"] = value
        with pytest.raises(Hdf5Error, match="which is not read"):
            array_of(file, "a")


def test_numbers_of_odd_width_are_refused():
    with h5py.File(io.BytesIO(), "w") as file:
        kind = h5py.h5t.STD_I32LE.copy()
        kind.set_precision(17)
        h5py.h5d.create(file.id, b"a", kind, h5py.h5s.create_simple((2,)))
        with pytest.raises(Hdf5Error, match="which is not read"):
            array_of(file, "a")


@pytest.mark.parametrize("shape", [(2**40, 2**20), (3, 5), (2**40, 0)], ids=["huge", "without storage", "long"])
def test_arrays_that_are_not_in_the_file_are_refused(shape):
    stream = io.BytesIO()
    with create(stream) as file:
        file.create_dataset("a", shape, "f8")
    with open_file(stream) as file, pytest.raises(Hdf5Error, match="does not fit into the file"):
        array_of(file, "a")


def test_no_shape_is_refused():
    with h5py.File(io.BytesIO(), "w") as file:
        file["a"] = h5py.Empty("f8")
        with pytest.raises(Hdf5Error, match=r"in one piece|does not fit"):
            array_of(file, "a")


def test_only_hard_links_are_followed(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["a"] = 1.0
    with h5py.File(io.BytesIO(), "w") as file:
        file["soft"], file["external"] = h5py.SoftLink("/group/a"), h5py.ExternalLink(str(secret), "/a")
        file["group/a"] = 1.0
        assert has(file, "external")
        for name in ("soft", "external"):
            with pytest.raises(Hdf5Error, match="which is not followed"):
                array_of(file, name)
        for name in ("group/a", "/group", "b"):
            with pytest.raises(Hdf5Error, match="is missing"):
                array_of(file, name)
        with pytest.raises(Hdf5Error, match="'group' is no array"):
            array_of(file, "group")
        with pytest.raises(Hdf5Error, match="'a' is no group"):
            subgroup(subgroup(file, "group"), "a")
