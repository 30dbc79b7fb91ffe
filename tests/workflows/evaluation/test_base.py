"""Tests of aiida_gbml.workflows.evaluation.base: what every engine has in common."""

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ExitCode, run_get_node
from ase.build import bulk

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation.base import EvaluationWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile")


class Echo(EvaluationWorkChain):
    """An engine that calls its input evaluated."""

    @classmethod
    def define(cls, spec):
        super().define(spec)
        spec.outline(cls.attach)

    def attach(self) -> ExitCode | None:
        return self.conclude(self.inputs.structures)


@pytest.fixture
def evaluated():
    """Return four rows, of which one has failed."""
    structures = StructureSet.from_ase(4 * [bulk("Cu")], energy=[1.0, np.nan, 2.0, 3.0])
    return StructureSetData(
        structures.with_columns(status=["ok", "failed", "ok", "ok"], reason=["", "lost atoms", "", ""])
    )


@pytest.mark.parametrize(("fraction", "status"), [(1.0, 0), (0.25, 0), (0.2, 410), (0.0, 410)])
def test_the_set_is_attached_however_many_rows_have_failed(evaluated, fraction, status):
    outputs, node = run_get_node(Echo, structures=evaluated, mode="static", max_failed_fraction=fraction)
    assert node.exit_status == status
    assert outputs["evaluated"].uuid == evaluated.uuid
    if status:
        assert node.exit_message.startswith("1 of 4 structures failed, the first because: lost atoms.")


def test_the_report_is_one_line(evaluated):
    _, node = run_get_node(Echo, structures=evaluated, mode="static")
    (log,) = orm.Log.collection.get_logs_for(node)
    assert log.message.endswith("3 of 4 structures evaluated, 1 failed")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"mode": "md"}, "the mode is 'md', expected one of static, relax"),
        ({"constraints": {"cell": "cubic"}}, "'cell' is 'cubic', expected one of fixed, normal, isotropic, free"),
        ({"constraints": {"box": "fixed"}}, "no constraint 'box'"),
        ({"max_failed_fraction": -0.1}, "'max_failed_fraction' must lie between 0 and 1, got -0.1"),
        ({"structures": None}, "structures"),
    ],
)
def test_wrong_inputs_are_refused_in_words(evaluated, inputs, message):
    with pytest.raises(ValueError, match=message):
        run_get_node(Echo, **{"structures": evaluated, "mode": "static", **inputs})
