"""From a screening to the structures that are worth a better engine."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.verification import most_stable_basins


@calcfunction
def select_basins(
    evaluated: StructureSetData,
    reference: StructureSetData,
    verification_reference: StructureSetData,
    n_basins: orm.Int,
) -> dict[str, StructureSetData]:
    """Return the most stable distinct structures on the lattice of another engine, as output ``basins``.

    :param evaluated: the screening, with excess energies in J/m².
    :param reference: the crystal by the engine of the screening.
    :param verification_reference: the crystal by the other engine.
    :param n_basins: how many (dimensionless).
    """
    basins = most_stable_basins(
        evaluated.structures, reference.structures, verification_reference.structures, n_basins.value
    )
    return {"basins": StructureSetData(basins)}
