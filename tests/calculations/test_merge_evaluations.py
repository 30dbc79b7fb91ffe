"""From evaluated rounds to one set."""

import numpy as np
import pytest
from aiida import orm
from searches import SPACE

from aiida_gbml.calculations.merge_evaluations import merge_evaluations
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_rows_come_in_the_order_of_the_names_with_their_excess(reference, evaluated):
    """The excess is computed here, whatever an earlier search has written into the set."""
    wrong = evaluated.with_columns(excess_energy=np.zeros(len(evaluated)))
    sets = {"set_0001": StructureSetData(wrong.take([4, 8])), "set_0000": StructureSetData(wrong.take([7]))}
    merged = merge_evaluations(reference=StructureSetData(reference), space=orm.Dict(SPACE), **sets)["evaluated"]
    columns = merged.structures.columns
    assert columns["candidate"].tolist() == [7, 4, 8]
    np.testing.assert_allclose(columns["excess_energy"], evaluated.columns["excess_energy"][[7, 4, 8]])
    assert merged.base.attributes.get("n_ok") == 3


def test_a_round_that_was_never_evaluated_does_not_hide_the_columns_of_the_others(
    reference, evaluated, problem, candidates
):
    """Merged with a proposal that lacks an energy, the evaluated rows keep theirs."""
    sets = {
        "set_0000": StructureSetData(evaluated.take([1]).with_columns(calculation_uuid=["3c7b6f4e"])),
        "set_0001": StructureSetData(problem.build(candidates, [2])),
    }
    merged = merge_evaluations(reference=StructureSetData(reference), space=orm.Dict(SPACE), **sets)["evaluated"]
    columns = merged.structures.columns
    assert columns["status"].tolist() == ["ok", "failed"]
    assert columns["excess_energy"][0] == pytest.approx(evaluated.columns["excess_energy"][1])
    assert columns["calculation_uuid"].tolist() == ["3c7b6f4e", ""]
