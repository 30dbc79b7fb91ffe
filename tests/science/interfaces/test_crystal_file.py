"""Crystals from files."""

import io
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from aiida_gbml.science.interfaces.crystal import CrystalError
from aiida_gbml.science.interfaces.crystal_file import read_crystal, read_crystal_file

FORMATS = {"copper.cif": "cif", "POSCAR": "vasp", "copper.xsf": "xsf", "copper.extxyz": "extxyz"}


def content_of(atoms, file_format):
    buffer = io.BytesIO() if file_format == "cif" else io.StringIO()
    write(buffer, atoms, format=file_format)
    value = buffer.getvalue()
    return value if isinstance(value, bytes) else value.encode()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_crystal_that_was_written(name):
    atoms = bulk("MgO", "rocksalt", a=4.212, cubic=True)
    found = read_crystal(name, content_of(atoms, FORMATS[name]))
    assert sorted(found.symbols) == sorted(atoms.symbols)
    np.testing.assert_allclose(found.cell.cellpar(), atoms.cell.cellpar(), atol=1e-4)
    assert found.pbc.all()


def test_partly_occupied_sites_are_refused():
    text = content_of(bulk("Cu", cubic=True), "cif").decode().replace("1.0000", "0.5000")
    with pytest.raises(CrystalError, match=r"'alloy.cif' has partly occupied sites"):
        read_crystal("alloy.cif", text.encode())


def test_several_structures_are_refused():
    buffer = io.StringIO()
    write(buffer, [bulk("Cu"), bulk("Cu")], format="extxyz")
    with pytest.raises(CrystalError, match="holds 2 structures, expected one"):
        read_crystal("two.extxyz", buffer.getvalue().encode())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.cif", b"", "'a.cif' is no readable structure"),
        ("a.cif", b"\xff\xfe\x00", "'a.cif' is no text in UTF-8"),
        ("a.unknown", b"nothing", "'a.unknown' is no readable structure"),
        ("a.cif", b"x" * 10_000_001, "'a.cif' has 10000001 bytes, too many for a crystal"),
    ],
)
def test_what_is_no_crystal_is_named_in_one_sentence(name, content, message):
    with pytest.raises(CrystalError, match=message) as caught:
        read_crystal(name, content)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CrystalError, match=r"cannot open the crystal .*missing\.cif': No such file"):
        read_crystal_file(Path(tmp_path, "missing.cif"))


def test_damaged_files_are_read_or_refused_but_never_crash():
    original = content_of(bulk("MgO", "rocksalt", a=4.212, cubic=True), "cif")
    generator = np.random.default_rng(7)
    n_refused = 0
    for _ in range(150):
        damaged = bytearray(original[: generator.integers(1, len(original))])
        for position in generator.integers(0, len(damaged), 3):
            damaged[position] = generator.integers(0, 256)
        try:
            atoms = read_crystal("damaged.cif", bytes(damaged))
        except CrystalError:
            n_refused += 1
        else:
            assert np.all(np.isfinite(atoms.positions))
    assert n_refused > 75
