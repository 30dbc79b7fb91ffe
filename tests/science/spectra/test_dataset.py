"""Tests of aiida_gbml.science.spectra.dataset."""

import io
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.dataset import SpectraError, SpectraFile, SpectraTable, concatenate, write_spectra

SEED = 7


def a_table(count=50, element="C", edge="K"):
    generator = np.random.default_rng(SEED)
    columns = {
        "structure_uuid": np.array([f"{number // 5:036d}" for number in range(count)]),
        "formula": np.array(["CH4", "C2H6", "Å", "", "C"] * (count // 5)),
        "site": np.arange(count) % 5,
        "multiplicity": generator.integers(1, 7, count),
        "transition_energy": generator.normal(290, 1, count),
        "is_bulk_reference": np.arange(count) % 2 == 0,
        "empty": np.full(count, ""),
    }
    return SpectraTable(element, edge, 0.1 * np.arange(2800, 3040), generator.random((count, 240)), columns)


@pytest.fixture
def table():
    return a_table()


@pytest.fixture
def path(table, tmp_path):
    path = tmp_path / "spectra.h5"
    write_spectra(path, [a_table(element="Si", edge="L23"), table])
    return path


def test_what_is_written_is_read(path, table):
    with SpectraFile(path) as spectra:
        assert spectra.keys == ("C_K", "Si_L23")
        assert spectra.count("C_K") == 50
        assert spectra.column_names("C_K") == tuple(sorted(table.columns))
        again = spectra.table("C_K")
        assert [one.key for one in spectra.tables()] == ["C_K", "Si_L23"]
    assert np.array_equal(again.energy, table.energy)
    assert np.array_equal(again.intensity, table.intensity)
    for name, column in table.columns.items():
        assert np.array_equal(again.columns[name], column), name


@pytest.mark.parametrize(
    "rows",
    [[7], [4, 3, 3, 40, 41, 42], slice(10, 30, 7), [], [-1], np.arange(50) % 3 == 0],
    ids=["one", "any order", "slice", "none", "last", "booleans"],
)
def test_some_rows_are_what_numpy_takes(path, table, rows):
    with SpectraFile(path) as spectra:
        chosen = np.asarray(rows, dtype=int) if isinstance(rows, list) else rows
        assert np.array_equal(spectra.rows("C_K", chosen), table.intensity[chosen])
        part = spectra.table("C_K", chosen, ["site"])
        assert np.array_equal(part.columns["site"], table.columns["site"][chosen])


class Counting(io.BytesIO):
    """A stream that counts the bytes that are read."""

    taken = 0

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.taken += count
        return count


def test_only_what_is_asked_for_is_read(table):
    many, stream = SpectraTable("C", "K", table.energy, np.ones((10_000, 240)), {}), Counting()
    write_spectra(stream, [many])
    with SpectraFile(stream) as spectra:
        spectra.rows("C_K", [10, 9000])
    assert 2 * 240 * 8 < stream.taken < 300_000  # of 19 MB; the library reads 64 kB at once


class Narrow:
    """A stream as repositories have them: it does not read into buffers."""

    def __init__(self, content):
        stream = io.BytesIO(content)
        self.read, self.seek, self.tell = stream.read, stream.seek, stream.tell


def test_streams_without_buffers_are_read(path, table):
    with SpectraFile(Narrow(path.read_bytes())) as spectra:
        assert np.array_equal(spectra.rows("C_K"), table.intensity)


def test_a_given_stream_stays_open(path):
    with path.open("rb") as stream:
        SpectraFile(stream).close()
        assert not stream.closed


def test_the_names_are_those_of_nxxas(path, table):
    with h5py.File(path) as file:
        assert file.attrs["default"] == b"entry_C_K"
        entry = file["entry_Si_L23"]
        assert entry.attrs["NX_class"] == b"NXentry"
        texts = {"definition": b"NXxas", "element/symbol": b"Si", "element/name": b"Silicon", "edge/name": b"L2,3"}
        assert {name: entry[name][()] for name in texts} == texts
        assert entry["absorber/chemical_symbol"][()] == b"Si"
        assert entry["calculated"][()]
        assert entry["energy"].attrs["units"] == b"eV"
        assert entry["columns/transition_energy"].attrs["units"] == b"eV"
        data = entry[entry.attrs["default"].decode()]
        assert data.attrs["signal"] == b"intensity"
        assert data.attrs["axes"].tolist() == [b".", b"energy"]
        assert data["intensity"] == entry["intensity"]
        assert np.array_equal(file["entry_C_K/intensity"][()], table.intensity)
        assert file["entry_C_K/intensity"].chunks is None


@pytest.mark.parametrize(("alignment", "axis"), [("transition_energy", "absolute"), ("fermi", "relative")])
def test_the_file_says_what_its_energies_count_from(alignment, axis, path, table):
    columns = {**table.columns, "alignment": np.full(len(table), alignment)}
    write_spectra(path, [SpectraTable("C", "K", table.energy, table.intensity, columns)])
    with h5py.File(path) as file:
        told = file["entry_C_K/energy"].attrs["energy_axis"]
    assert (told.decode() if isinstance(told, bytes) else told) == axis


def test_the_mean_of_each_structure_is_there(path, table):
    with SpectraFile(path) as spectra:
        means = spectra.weighted("C_K")
    assert len(means) == len(set(zip(table.columns["structure_uuid"], table.columns["formula"], strict=True)))
    first = (table.columns["structure_uuid"] == "0" * 36) & (table.columns["formula"] == "CH4")
    weights = table.columns["multiplicity"][first]
    assert np.allclose(means.intensity[0], weights @ table.intensity[first] / weights.sum())


def test_equal_tables_give_equal_bytes(table):
    contents = []
    for tables in ([table], [table.take(slice(0, 20)), table.take(slice(20, None))]):
        stream = io.BytesIO()
        write_spectra(stream, tables)
        contents.append(stream.getvalue())
    assert contents[0] == contents[1]


def test_another_process_writes_the_same_bytes(table, tmp_path):
    stream = io.BytesIO()
    write_spectra(stream, [table])
    code = "import sys, time; from pathlib import Path; import test_dataset as own; time.sleep(1.1)"
    code += "; own.write_spectra(Path(sys.argv[1]), [own.a_table()])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", code, tmp_path / "other.h5"], env=environment, check=True)
    assert stream.getvalue() == (tmp_path / "other.h5").read_bytes()


def test_single_precision_stays(table):
    half = SpectraTable("C", "K", table.energy, table.intensity.astype("f4"))
    stream = io.BytesIO()
    write_spectra(stream, [half])
    assert SpectraFile(stream).rows("C_K", [0]).dtype == np.float32


def test_an_empty_database_is_one():
    stream = io.BytesIO()
    write_spectra(stream, [])
    assert SpectraFile(stream).keys == ()
    assert concatenate([]) == ()


def test_questions_without_answer_are_refused_by_name(path):
    with SpectraFile(path) as spectra:
        with pytest.raises(SpectraError, match="no spectra of 'O_K', only of C_K, Si_L23"):
            spectra.rows("O_K")
        with pytest.raises(SpectraError, match="'colour' is missing"):
            spectra.columns("C_K", ["colour"])
        with pytest.raises(SpectraError, match="selected by"):
            spectra.rows("C_K", np.zeros((2, 2), dtype=int))
        with pytest.raises(IndexError):
            spectra.rows("C_K", [50])


def test_other_files_are_no_databases(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = 1.0
    with pytest.raises(SpectraError, match="no group 'entry_<element>_<edge>'"):
        SpectraFile(path)
    path.write_text("text")
    with pytest.raises(SpectraError, match=r"not a readable database of spectra: .*file signature not found"):
        SpectraFile(path)


@pytest.mark.parametrize("name", ["columns/site", "intensity"])
def test_arrays_that_disagree_are_refused(name, path):
    with h5py.File(path, "r+") as file:
        del file["entry_C_K"][name]
        file["entry_C_K"][name] = np.arange(3.0)
    with SpectraFile(path) as spectra, pytest.raises(SpectraError, match=name.split("/")[-1]):
        spectra.table("C_K")


def test_other_programs_can_change_the_file(path):
    with h5py.File(path, "r+") as file:
        del file["entry_C_K/energy"]
        file["entry_C_K/energy"] = file["entry_C_K/data/energy"]
        file["entry_C_K/note"] = 3.0
    with SpectraFile(path) as spectra:
        assert spectra.count("C_K") == 50
