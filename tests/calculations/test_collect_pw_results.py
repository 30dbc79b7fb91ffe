"""From trajectories to one evaluated set."""

from __future__ import annotations

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from ase import Atoms

from aiida_gbml.calculations.collect_pw_results import collect_pw_results
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet


def _trajectory(computer: orm.Computer, energy: float) -> orm.TrajectoryData:
    """Return one frame of one atom at x = 1 Å, the output of a calculation."""
    job = orm.CalcJobNode(computer=computer, process_type="aiida.calculations:quantumespresso.pw").store()
    node = orm.TrajectoryData()
    node.set_trajectory(["H"], np.array([[[1.0, 0.0, 0.0]]]), cells=np.array([3.0 * np.eye(3)]), pbc=[True] * 3)
    node.set_array("energy", np.array([energy]))
    node.set_array("forces", np.array([[[0.5, 0.0, 0.0]]]))
    node.base.links.add_incoming(job, LinkType.CREATE, "output_trajectory")
    return node.store()


@pytest.mark.usefixtures("aiida_profile_clean")
def test_rows_keep_their_order_whatever_became_of_them(aiida_localhost: orm.Computer) -> None:
    structures = StructureSet.from_ase([Atoms("H", cell=[3, 3, 3], pbc=True)] * 4, tag=["a", "b", "c", "d"])
    failures = {"row_0002": {"reason": "out of memory", "machine_fault": True, "calculation_uuid": "some uuid"}}
    good, absurd = _trajectory(aiida_localhost, -13.0), _trajectory(aiida_localhost, -1e20)
    evaluated = collect_pw_results(StructureSetData(structures), orm.Dict(failures), row_0003=good, row_0001=absurd)[
        "evaluated"
    ].structures
    assert evaluated.columns["tag"].tolist() == ["b", "c", "d"]
    assert evaluated.columns["status"].tolist() == ["failed", "failed", "ok"]
    assert "-1e+20 eV" in evaluated.columns["reason"][0]
    assert evaluated.columns["reason"].tolist()[1:] == ["out of memory", ""]
    assert evaluated.columns["machine_fault"].tolist() == [False, True, False]
    assert evaluated.columns["calculation_uuid"].tolist() == [absurd.creator.uuid, "some uuid", good.creator.uuid]
    assert evaluated.columns["energy"][2] == -13.0
    assert np.isnan(evaluated.columns["energy"][:2]).all()
    assert evaluated.positions[:, 0].tolist() == [0.0, 0.0, 1.0]
    assert evaluated.atom_columns["forces"][2].tolist() == [0.5, 0.0, 0.0]
