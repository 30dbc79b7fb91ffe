"""From the trajectories of ``pw.x`` to one evaluated set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.pw import PwFrame, PwOutputError, last_frame
from aiida_gbml.science.structure_set import FAILED, OK, StructureSet


@calcfunction
def collect_pw_results(
    structures: StructureSetData, failures: orm.Dict, **trajectories: orm.TrajectoryData
) -> dict[str, StructureSetData]:
    """Return the rows that have a trajectory or a failure, in their order, as output ``evaluated``.

    Added columns: ``energy`` (eV), ``stress`` (eV/Å³, positive in tension), ``status``, ``reason``, ``machine_fault``
    and ``calculation_uuid``; added atom column: ``forces`` (eV/Å). Cells and positions are those of the last step.

    :param structures: the set that was evaluated.
    :param failures: ``reason``, ``machine_fault`` and ``calculation_uuid`` of the rows without a trajectory, by name.
    :param trajectories: by name, which ends with the row: ``row_0003``.
    """
    frames: dict[int, PwFrame] = {}
    failed = {_row(name): failure for name, failure in failures.get_dict().items()}
    reasons = {row: failure["reason"] for row, failure in failed.items()}
    uuids = {row: failure["calculation_uuid"] for row, failure in failed.items()}
    for name, node in trajectories.items():
        row = _row(name)
        uuids[row] = node.creator.uuid
        arrays = {array: node.get_array(array) for array in node.get_arraynames()}
        try:
            frames[row] = last_frame(arrays, int(structures.structures.sizes[row]))
        except PwOutputError as exception:
            reasons[row] = str(exception)
    rows = sorted(uuids)
    evaluated = _with_frames(structures.structures.take(rows), [frames.get(row) for row in rows])
    evaluated = evaluated.with_columns(
        reason=[reasons.get(row, "") for row in rows],
        machine_fault=[row in failed and failed[row]["machine_fault"] for row in rows],
        calculation_uuid=[uuids[row] for row in rows],
    )
    return {"evaluated": StructureSetData(evaluated)}


def _row(name: str) -> int:
    return int(name.rpartition("_")[2])


def _with_frames(structures: StructureSet, frames: list[PwFrame | None]) -> StructureSet:
    """Return a set with the results of its rows; a row without a result keeps its geometry."""
    cells, positions = structures.cells.copy(), structures.positions.copy()
    energy = np.full(len(structures), np.nan)
    stress = np.full((len(structures), 3, 3), np.nan)
    forces = np.full(positions.shape, np.nan)
    for row, frame in enumerate(frames):
        if frame is not None:
            own = structures.atoms_of(row)
            cells[row], positions[own], forces[own] = frame.cell, frame.positions, frame.forces
            energy[row], stress[row] = frame.energy, frame.stress
    status = [FAILED if frame is None else OK for frame in frames]
    evaluated = replace(structures, cells=cells, positions=positions).with_atom_columns(forces=forces)
    return evaluated.with_columns(energy=energy, stress=stress, status=status)
