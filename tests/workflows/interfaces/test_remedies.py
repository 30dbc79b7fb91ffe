"""Advice for each way in which an evaluation fails."""

import pytest

from aiida_gbml.workflows.interfaces.remedies import remedy

UNKNOWN = remedy("something nobody has seen")


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("LAMMPS stopped: Lost atoms: original 20 current 19", "min_distance_ratio"),
        ("atoms overlap: a pair is closer than 1.8 Å", "min_distance_ratio"),
        ("the walltime was reached", "max_wallclock_seconds"),
        ("out of memory", "more memory"),
        ("the electronic convergence was not reached", "mixing_beta"),
        ("the energy is not finite", "smallest gap"),
        ("the output is truncated", "disk"),
        ("its output is damaged: a number is missing or not finite", "machine"),
        ("LAMMPS was killed twice while it evaluated this structure", "machine"),
        ("not evaluated: the engine ended without a result", "extend the search"),
    ],
)
def test_the_advice_fits_the_words_of_the_reason(reason, advice):
    assert advice in remedy(reason)
    assert remedy(reason) != UNKNOWN
    assert remedy(reason.upper()) == remedy(reason)


def test_an_unknown_reason_has_advice_too():
    assert "report of the calculation" in UNKNOWN
