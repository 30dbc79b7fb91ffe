"""The steps of a convergence test."""

from __future__ import annotations

import pytest
from aiida import orm
from core_hole_data import oxygen_structure

from aiida_gbml.calculations.plan_convergence import plan_convergence

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
MESHES = {"kpoints_distance": 1.6, "spectrum_kpoints_distance": 1.6}


def test_a_step_that_computes_the_same_is_left_out() -> None:
    steps = [{"min_distance": distance, **MESHES} for distance in (4.0, 4.1, 5.5)]
    steps.append({**steps[-1], "kpoints_distance": 0.5})
    outputs = plan_convergence(oxygen_structure("Mg", "O"), orm.Int(1), orm.Dict({"min_box": 7.0}), orm.List(steps))
    cells = {name: node.get_dict() for name, node in outputs.items() if name.startswith("cell_")}
    assert cells["cell_0"] == {"min_box": 7.0, "min_distance": 4.0}
    assert [cells[name]["min_distance"] for name in sorted(cells)] == [4.0, 5.5, 5.5]
    assert outputs["kpoints_distance_2"].value == 0.5
    assert outputs["spectrum_kpoints_distance_2"].value == 1.6


def test_cells_that_cannot_be_are_named() -> None:
    steps = orm.List([{"min_distance": 99.0, **MESHES}] * 2)
    _, node = plan_convergence.run_get_node(oxygen_structure("Mg", "O"), orm.Int(1), orm.Dict({}), steps)
    assert "10000 atoms" in node.exit_message
