"""The end of an evaluation that could not be finished."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import FAILED, NEW, StructureSet


@calcfunction
def fail_unreached(
    structures: StructureSetData, failure: orm.Dict, evaluated: StructureSetData | None = None
) -> dict[str, StructureSetData]:
    """Return the evaluated set with the status 'failed' in place of 'new', as output ``evaluated``.

    What was not reached is a fault of the machine: nothing is known of these structures.

    :param structures: what was to be evaluated.
    :param failure: ``reason`` why some rows were not reached, and ``calculation_uuid`` of the job that says so.
    :param evaluated: what was evaluated of it; without it, nothing.
    """
    given = _blank(structures.structures) if evaluated is None else evaluated.structures
    is_left = given.columns["status"] == NEW
    closed = given.with_columns(
        status=np.where(is_left, FAILED, given.columns["status"]),
        reason=np.where(is_left, failure["reason"], given.columns["reason"]),
        calculation_uuid=np.where(is_left, failure["calculation_uuid"], given.columns["calculation_uuid"]),
        machine_fault=given.machine_faults,
    )
    return {"evaluated": StructureSetData(closed)}


def _blank(structures: StructureSet) -> StructureSet:
    """Return a set without results, whatever an earlier evaluation left in it."""
    count, atoms = len(structures), len(structures.numbers)
    return structures.with_columns(
        energy=np.full(count, np.nan), status=[NEW] * count, reason=[""] * count, calculation_uuid=[""] * count
    ).with_atom_columns(forces=np.full((atoms, 3), np.nan))
