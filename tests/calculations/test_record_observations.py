"""From an evaluated round to the observations of a search."""

import numpy as np
import pytest
from aiida import orm
from searches import SPACE

from aiida_gbml.calculations.record_observations import record_observations
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import FAILED

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_rounds_are_added_in_their_order(reference, evaluated, observations):
    bulk, space = StructureSetData(reference), orm.Dict(SPACE)
    rounds = [StructureSetData(evaluated.take(rows)) for rows in ([5, 2], [9], [0, 1])]
    known = {}
    for one in rounds:
        outputs = record_observations(reference=bulk, space=space, evaluated=one, **known)
        known = {"observations": outputs["observations"]}
    found = known["observations"].observations
    assert found.candidates.tolist() == [5, 2, 9, 0, 1]
    np.testing.assert_allclose(found.energies, observations.energies[[5, 2, 9, 0, 1]])
    last = outputs["evaluated"].structures
    np.testing.assert_allclose(last.columns["excess_energy"], observations.energies[[0, 1]])


def test_a_proposal_that_came_back_unseen_is_a_round_of_failures(reference, problem, candidates):
    proposal = StructureSetData(problem.build(candidates, [3, 4]))
    found = record_observations(StructureSetData(reference), orm.Dict(SPACE), proposal)["observations"]
    assert found.base.attributes.all == {"n_observations": 2, "n_failed": 2, "n_machine_faults": 2}
    assert set(found.observations.reasons) == {"not evaluated: the engine ended without a result"}


def test_failed_rows_keep_the_reason_of_the_engine(reference, evaluated):
    energies, status = evaluated.columns["energy"][:3].copy(), [FAILED, "ok", "ok"]
    energies[0] = np.nan
    reasons = ["LAMMPS stopped: Lost atoms", "", ""]
    one = StructureSetData(evaluated.take([0, 1, 2]).with_columns(energy=energies, status=status, reason=reasons))
    found = record_observations(StructureSetData(reference), orm.Dict(SPACE), one)["observations"]
    assert found.observations.reasons.tolist() == reasons
    assert found.base.attributes.get("n_failed") == 1
