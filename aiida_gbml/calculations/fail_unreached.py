"""The end of an evaluation that could not be finished."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import FAILED, NEW, StructureSet


@calcfunction
def fail_unreached(
    structures: StructureSetData, reason: orm.Str, evaluated: StructureSetData | None = None
) -> dict[str, StructureSetData]:
    """Return the evaluated set with the status 'failed' in place of 'new', as output ``evaluated``.

    :param structures: what was to be evaluated.
    :param reason: why some rows were not reached.
    :param evaluated: what was evaluated of it; without it, nothing.
    """
    given = _blank(structures.structures) if evaluated is None else evaluated.structures
    is_left = given.columns["status"] == NEW
    closed = given.with_columns(
        status=np.where(is_left, FAILED, given.columns["status"]),
        reason=np.where(is_left, reason.value, given.columns["reason"]),
    )
    return {"evaluated": StructureSetData(closed)}


def _blank(structures: StructureSet) -> StructureSet:
    """Return a set without results, whatever an earlier evaluation left in it."""
    count, atoms = len(structures), len(structures.numbers)
    return structures.with_columns(
        energy=np.full(count, np.nan), status=[NEW] * count, reason=[""] * count, calculation_uuid=[""] * count
    ).with_atom_columns(forces=np.full((atoms, 3), np.nan))
