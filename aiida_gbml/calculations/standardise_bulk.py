"""From any cell of a crystal to its conventional one."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.problem import standard_bulk


@calcfunction
def standardise_bulk(structure: orm.StructureData) -> dict[str, StructureSetData] | ExitCode:
    """Return the conventional cell of a crystal, as output ``bulk`` with one row.

    :param structure: the crystal, in any cell.
    """
    try:
        return {"bulk": StructureSetData(standard_bulk(structure.get_ase()))}
    except ValueError as exception:
        return ExitCode(201, str(exception))
