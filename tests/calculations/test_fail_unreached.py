"""Tests of aiida_gbml.calculations.fail_unreached."""

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.calculations.fail_unreached import fail_unreached
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

GIVEN = StructureSet.from_ase([bulk("Cu"), bulk("Al")], energy=[-1.0, -2.0], status=["ok", "ok"], tag=[5, 6])
FAILURE = {"reason": "no time", "calculation_uuid": "of the job"}


def test_without_results_every_row_has_failed():
    closed = fail_unreached(StructureSetData(GIVEN), orm.Dict(FAILURE))["evaluated"].structures
    assert closed.columns["status"].tolist() == ["failed", "failed"]
    assert closed.columns["reason"].tolist() == ["no time", "no time"]
    assert np.isnan(closed.columns["energy"]).all()
    assert closed.columns["machine_fault"].tolist() == [True, True]
    assert closed.columns["calculation_uuid"].tolist() == ["of the job"] * 2
    assert closed.columns["tag"].tolist() == [5, 6]
    assert closed.atom_columns["forces"].shape == (2, 3)


def test_rows_that_were_reached_are_kept():
    evaluated = GIVEN.with_columns(
        energy=[-3.5, np.nan], status=["ok", "new"], reason=["", ""], calculation_uuid=["a", "b"]
    )
    closed = fail_unreached(StructureSetData(GIVEN), orm.Dict(FAILURE), StructureSetData(evaluated))["evaluated"]
    assert closed.structures.columns["status"].tolist() == ["ok", "failed"]
    assert closed.structures.columns["reason"].tolist() == ["", "no time"]
    assert closed.structures.columns["machine_fault"].tolist() == [False, True]
    assert closed.structures.columns["calculation_uuid"].tolist() == ["a", "of the job"]
    assert closed.structures.columns["energy"][0] == -3.5
