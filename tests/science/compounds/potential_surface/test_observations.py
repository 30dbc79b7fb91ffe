"""Energies of evaluated points: exact round trips, and nothing without a status."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies, SiteEnergiesError, complete
from aiida_gbml.science.structure_set import StructureSet


def evaluated(**columns):
    return StructureSet.from_ase([bulk("Ni")] * 3, candidate=np.array([4, 1, 7]), **columns)


def test_every_row_gets_a_status_and_a_reason():
    given = evaluated(energy=[1.0, np.nan, np.nan], status=["ok", "failed", "new"], reason=["", "lost", ""])
    found = SiteEnergies.of(complete(given))
    assert found.rows.tolist() == [4, 1, 7]
    np.testing.assert_array_equal(found.energies, [1.0, np.nan, np.nan])
    assert found.reasons.tolist() == ["", "lost", "not evaluated: the engine ended without a result"]
    assert found.n_failed == 2
    assert found.machine_faults.tolist() == [False, False, True]


def test_a_round_that_no_engine_saw_has_failed():
    found = complete(evaluated(status=["new"] * 3))
    assert found.columns["status"].tolist() == ["failed"] * 3
    assert np.isnan(found.columns["energy"]).all()


def test_sums_and_bytes():
    one, other = (SiteEnergies(np.array([row]), np.array([float(row)]), np.array([""])) for row in (3, 1))
    both = SiteEnergies.empty() + one + other
    assert both.rows.tolist() == [3, 1]
    assert SiteEnergies.from_bytes(both.to_bytes()).to_bytes() == both.to_bytes()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 1], [0.0, 0.0], ["", ""]), "a point was recorded twice"),
        (([1, 2], [0.0, np.nan], ["", ""]), "a finite energy or a reason"),
        (([1, 2], [0.0], [""]), "differ in shape"),
        (([1.5], [0.0], [""]), "numbered from 0"),
        (([-1], [0.0], [""]), "numbered from 0"),
        (([1], ["low"], [""]), "energies are numbers"),
        (([1], [0.0], [""], [True]), "come without an energy"),
        (([1], [np.nan], ["why"], [1.0]), "true or false"),
    ],
)
def test_nonsense_is_refused(columns, message):
    with pytest.raises(SiteEnergiesError, match=message):
        SiteEnergies(*(np.array(one) for one in columns))


def test_damaged_bytes_are_refused():
    with pytest.raises(SiteEnergiesError):
        SiteEnergies.from_bytes(b"damaged")
