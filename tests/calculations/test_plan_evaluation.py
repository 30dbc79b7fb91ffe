"""Tests of aiida_gbml.calculations.plan_evaluation."""

from __future__ import annotations

import pytest
from aiida import orm
from known_compositions import IONS

from aiida_gbml.calculations.plan_evaluation import plan_evaluation
from aiida_gbml.data.ion_table import IonTableData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_a_task_reads_everything_in_one_dictionary() -> None:
    split = {"kind": "holdout", "fraction": 0.5, "seed": 3}
    given = (orm.Dict({"arity": 3}), IonTableData(IONS), orm.List(["popularity"]), orm.Dict(split))
    parameters = plan_evaluation(*given, orm.Dict({"tops": [10]}))["parameters"]
    assert set(parameters.get_dict()) == {"space", "models", "split", "tops"}
    assert parameters["split"] == split
    assert parameters["space"]["ions"] == IONS.to_dict()
    assert "split" not in plan_evaluation(*given[:3])["parameters"].get_dict()


def test_impossible_spaces_are_refused() -> None:
    node = plan_evaluation.run_get_node(orm.Dict({"arity": 1}), IonTableData(IONS), orm.List(["popularity"]))[1]
    assert node.exit_status == 300
