"""Crystals from files, with one sentence for whatever is wrong with a file."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from aiida_gbml.science.interfaces.crystal import CrystalError

if TYPE_CHECKING:
    from ase import Atoms

_LARGEST_FILE = 10_000_000  # bytes; no unit cell of a crystal is larger


def read_crystal_file(path: Path) -> Atoms:
    """Return the crystal of a file, see :func:`read_crystal`.

    :raises CrystalError: when the file cannot be opened or read.
    """
    try:
        return read_crystal(path.name, path.read_bytes())
    except OSError as exception:
        raise CrystalError(f"cannot open the crystal '{path}': {exception.strerror}") from exception


def read_crystal(name: str, content: bytes) -> Atoms:
    """Return the crystal of the content of a file: CIF, or any format that ASE tells by the name.

    :param name: name of the file, for its format and for messages.
    :param content: its bytes.
    :raises CrystalError: when it is too large, not text, not readable, holds several structures, or is disordered.
    """
    if len(content) > _LARGEST_FILE:
        raise CrystalError(f"'{name}' has {len(content)} bytes, too many for a crystal")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exception:
        raise CrystalError(f"'{name}' is no text in UTF-8: {exception.reason} at byte {exception.start}") from exception
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both readers warn about harmless omissions
        try:
            return _from_cif(text) if name.lower().endswith(".cif") else _from_ase(name, text)
        except CrystalError as exception:
            raise CrystalError(f"'{name}' {exception}") from exception
        except Exception as exception:  # the readers raise whatever a malformed line makes them stumble over
            raise CrystalError(f"'{name}' is no readable structure: {_first_line(exception)}") from exception


def _from_cif(text: str) -> Atoms:
    """Return the only ordered structure of a CIF."""
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.io.cif import CifParser

    structures = CifParser(io.StringIO(text), occupancy_tolerance=1.0).parse_structures(primitive=False)
    if len(structures) != 1:
        raise CrystalError(f"holds {len(structures)} structures, expected one")
    if not structures[0].is_ordered:
        raise CrystalError("has partly occupied sites; give an ordered structure")
    atoms = AseAtomsAdaptor.get_atoms(structures[0], msonable=False)
    atoms.info, atoms.calc = {}, None
    return atoms


def _from_ase(name: str, text: str) -> Atoms:
    """Return the only structure of any other file."""
    from ase.io import read
    from ase.io.formats import filetype

    found = read(io.StringIO(text), index=":", format=filetype(name, read=False))
    if len(found) != 1:
        raise CrystalError(f"holds {len(found)} structures, expected one")
    return found[0]


def _first_line(exception: Exception) -> str:
    """Return an exception as one short sentence."""
    return (str(exception) or type(exception).__name__).splitlines()[0][:200]
