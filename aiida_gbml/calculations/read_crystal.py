"""From a file to a structure, so that the file stays in the provenance."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.science.interfaces import crystal_file


@calcfunction
def read_crystal(file: orm.SinglefileData) -> dict[str, orm.StructureData] | ExitCode:
    """Return the crystal of a file, as output ``structure``.

    :param file: CIF, or any format that ASE tells by the name of the file.
    """
    try:
        atoms = crystal_file.read_crystal(file.filename, file.get_content(mode="rb"))
        return {"structure": orm.StructureData(ase=atoms)}
    except ValueError as exception:
        return ExitCode(201, str(exception))
