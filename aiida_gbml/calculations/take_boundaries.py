"""From what a search of a boundary has found to structures whose spectra are worth knowing."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.distances import most_stable_boundaries


@calcfunction
def take_boundaries(
    evaluated: StructureSetData, reference: StructureSetData, most: orm.Int
) -> dict[str, StructureSetData]:
    """Return the most stable distinct structures with the distance of each atom from its boundary, and the crystal.

    Output ``boundaries``, see :func:`aiida_gbml.science.interfaces.distances.most_stable_boundaries`.

    :param evaluated: output of a search; excess energies in J/m².
    :param reference: the crystal by the same engine.
    :param most: how many structures of the boundary (dimensionless).
    """
    found = most_stable_boundaries(evaluated.structures, reference.structures, most.value)
    return {"boundaries": StructureSetData(found)}
