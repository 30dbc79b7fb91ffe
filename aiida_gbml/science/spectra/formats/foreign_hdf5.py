"""HDF5 files of others, read by the HDF5 library in a process of its own.

The library has crashed on damaged files and follows links into other files. So a child process, which has a limit of
memory and no plugins, takes out the arrays that a format names and hands them back as a plain archive; whatever a file
does to it ends there. Links to other files, soft links, virtual and external storage and foreign filters are refused.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.spectra.formats.spectrum import FormatError
from aiida_gbml.science.spectra.hdf5 import Hdf5Error, has, member

MOST_SECONDS = 600
MOST_BYTES = 2**32
GIBIBYTE = 2**30

_REFUSED = 2
_CHILD = f"import sys; from {__name__} import main; sys.exit(main(*sys.argv[1:]))"
_FILTERS = {1, 2, 3}  # gzip, shuffle and Fletcher's checksum are part of the library


def read_foreign(path: Path, layout: str) -> dict[str, Array]:
    """Return the arrays of a file, named as the layout names them.

    :param layout: ``nxxas`` or ``qm9``, see :data:`LAYOUTS`.
    :raises FormatError: when the file is damaged, hostile or of another layout.
    :raises OSError: when it cannot be read.
    """
    path.open("rb").close()
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "arrays.npz"
        command = [sys.executable, "-c", _CHILD, layout, str(path.resolve()), str(result)]
        environment = {**os.environ, "HDF5_PLUGIN_PRELOAD": "::", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            done = subprocess.run(  # noqa: S603 our own module
                command, env=environment, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as exception:
            raise FormatError(f"reading took longer than {MOST_SECONDS} s") from exception
        if done.returncode == _REFUSED:
            raise FormatError(done.stderr.strip().splitlines()[-1])
        if done.returncode or not result.exists():
            raise FormatError(f"the HDF5 library failed on it (exit {done.returncode}): the file is damaged or hostile")
        try:
            return read_arrays(result.read_bytes())
        except ArchiveError as exception:
            raise FormatError(f"what was read of it is damaged: {exception}") from exception


class _Reader:
    """What may be asked of a file: hard links, and arrays that lie in the file itself."""

    def __init__(self, size: int) -> None:
        self._left = min(MOST_BYTES, 1000 * size)

    def members(self, group: Any) -> Iterator[tuple[str, Any]]:
        """Yield the names and objects of a group."""
        for name in group:
            yield name, self.member(group, name)

    def member(self, group: Any, name: str) -> Any:
        """Return an object of a group, None when there is none."""
        return member(group, name) if has(group, name) else None

    def array(self, group: Any, name: str) -> Array | None:
        """Return a numeric or text array of a group, None when there is none."""
        import h5py

        dataset = self.member(group, name)
        if not isinstance(dataset, h5py.Dataset):
            return None
        plist = dataset.id.get_create_plist()
        foreign = {plist.get_filter(number)[0] for number in range(plist.get_nfilters())} - _FILTERS
        if dataset.is_virtual or dataset.external:
            raise Hdf5Error(f"'{name}' lies in other files, which are not read")
        if foreign:
            raise Hdf5Error(f"'{name}' needs a foreign filter, number {min(foreign)}")
        if dataset.dtype.kind not in "biufSO" or (dataset.dtype.kind == "O" and dataset.size != 1):
            raise Hdf5Error(f"'{name}' holds no plain numbers or text but {dataset.dtype}")
        self._left -= dataset.size * dataset.dtype.itemsize
        if self._left < 0:
            raise Hdf5Error(f"'{name}' of the shape {dataset.shape} is larger than any such file")
        return np.asarray(dataset[()])

    def text(self, group: Any, *names: str) -> str:
        """Return the first text among some datasets of a group, or nothing."""
        for name in names:
            value = self.array(group, name) if group is not None and hasattr(group, "keys") else None
            if value is not None and value.size == 1 and value.dtype.kind in "SO":
                word = value.reshape(-1)[0]
                return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
        return ""


def _nxxas(reader: _Reader, file: Any) -> dict[str, Array]:
    """Return ``<i>.energy``, ``<i>.intensity``, ``<i>.element``, ``<i>.edge`` and so on for each NXxas entry.

    What our own databases tell of each spectrum is ``<i>.columns.<name>``.
    """
    arrays: dict[str, Array] = {}
    for number, (name, entry) in enumerate(reader.members(file)):
        if not hasattr(entry, "keys") or reader.text(entry, "definition") != "NXxas":
            continue
        energy, intensity = _energy_and_intensity(reader, entry)
        if energy is None or intensity is None or energy.dtype.kind not in "iuf" or intensity.dtype.kind not in "iuf":
            raise Hdf5Error(f"the entry '{name}' has no energies with intensities")
        element = reader.member(entry, "element")
        texts = {
            "element": reader.text(entry, "element")
            or reader.text(element, "symbol", "name")
            or reader.text(reader.member(entry, "absorber"), "chemical_symbol"),
            "edge": reader.text(entry, "edge") or reader.text(reader.member(entry, "edge"), "name"),
            "title": reader.text(entry, "title"),
            "sample": reader.text(reader.member(entry, "sample"), "name"),
            "unit": _unit(entry),
        }
        arrays |= {f"{number}.energy": energy.astype(float), f"{number}.intensity": intensity.astype(float)}
        arrays |= {f"{number}.{key}": np.array(text, dtype=str) for key, text in texts.items()}
        arrays |= {f"{number}.columns.{key}": column for key, column in _columns(reader, entry).items()}
    if not arrays:
        raise Hdf5Error("the file has no entry whose definition is NXxas")
    return arrays


def _energy_and_intensity(reader: _Reader, entry: Any) -> tuple[Array | None, Array | None]:
    """Return the two arrays of either definition that is called NXxas: contributed, or the application's raw scan."""
    for group in (entry, reader.member(entry, "data")):
        if group is not None and hasattr(group, "keys") and has(group, "energy") and has(group, "intensity"):
            return reader.array(group, "energy"), reader.array(group, "intensity")
    instrument = reader.member(entry, "instrument")
    if instrument is None:
        return None, None
    arrays = []
    for name, field in (("monochromator", "energy"), ("incoming_beam", "data"), ("absorbed_beam", "data")):
        group = reader.member(instrument, name)
        arrays.append(None if group is None else reader.array(group, field))
    energy, incoming, absorbed = arrays
    if energy is None or incoming is None or absorbed is None or incoming.shape != absorbed.shape:
        return None, None
    with np.errstate(all="ignore"):
        return energy, np.log(incoming / absorbed)


def _columns(reader: _Reader, entry: Any) -> dict[str, Array]:
    """Return the columns of an entry of our own databases, nothing of any other."""
    group = reader.member(entry, "columns")
    if not hasattr(group, "keys") or "format_version" not in entry.file.attrs:
        return {}
    columns = {name: reader.array(group, name) for name in group}
    plain = {name: column for name, column in columns.items() if column is not None and column.dtype.kind != "O"}
    return {n: np.char.decode(c, "utf-8", "replace") if c.dtype.kind == "S" else c for n, c in plain.items()}


def _unit(entry: Any) -> str:
    """Return the unit of the energies, eV where none is told."""
    unit = member(entry, "energy").attrs.get("units", "eV") if has(entry, "energy") else "eV"
    return unit.decode("utf-8", "replace") if isinstance(unit, bytes) else str(unit)


def _qm9(reader: _Reader, file: Any) -> dict[str, Array]:
    """Return the sites of all molecules one after another, see :mod:`aiida_gbml.science.spectra.formats.qm9`."""
    from aiida_gbml.science.spectra.formats.qm9 import ATTRIBUTES, GROUP_OF_SPECTRA

    rows: list[tuple[str, str, list[float], Array, Array]] = []
    for molecule, sites in reader.members(file):
        if molecule == GROUP_OF_SPECTRA or not hasattr(sites, "keys"):
            continue
        for site, group in reader.members(sites):
            levels, factors = reader.array(group, "eigenvalues"), reader.array(group, "dsf")
            if levels is None or factors is None:
                raise Hdf5Error(f"'{molecule}/{site}' has no eigenvalues with dsf")
            rows.append((molecule, site, [float(group.attrs[name]) for name in ATTRIBUTES], levels, factors))
    if not rows:
        raise Hdf5Error("the file has no '<molecule>/<site>' with eigenvalues and dsf")
    molecules, names, values, levels_of, factors_of = zip(*rows, strict=True)
    table = np.array(values)
    return {
        "molecule": np.array(molecules, dtype=str),
        "site": np.array(names, dtype=str),
        "lengths": np.array([len(levels) for levels in levels_of], dtype=np.int64),
        "eigenvalues": np.concatenate(levels_of).astype(float),
        "dsf": np.concatenate(factors_of).astype(float),
        **{name: table[:, at] for at, name in enumerate(ATTRIBUTES)},
    }


LAYOUTS: dict[str, Callable[[_Reader, Any], dict[str, Array]]] = {"nxxas": _nxxas, "qm9": _qm9}


def main(layout: str, source: str, target: str) -> int:
    """Read one file in this process and write its arrays into another; return the exit code."""
    import resource

    import h5py

    path = Path(source)
    size = path.stat().st_size
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    allowed = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = 4 * GIBIBYTE + 4 * size
    resource.setrlimit(resource.RLIMIT_AS, (limit if allowed < 0 else min(limit, allowed), allowed))
    try:
        with h5py.File(path, "r") as file:
            arrays = LAYOUTS[layout](_Reader(size), file)
        Path(target).write_bytes(write_arrays(arrays))
    except Hdf5Error as refusal:
        sys.stderr.write(f"{refusal}\n")
        return _REFUSED
    except Exception as exception:  # h5py raises whatever the library met
        sys.stderr.write(f"not a readable HDF5 file ({type(exception).__name__}: {' '.join(str(exception).split())})\n")
        return _REFUSED
    return 0
