"""Reasons of failures have remedies."""

from __future__ import annotations

import pytest

from aiida_gbml.workflows.spectra.remedies import remedy


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("atoms 0 (O) and 1 (O) of O2 overlap, they are 0.20 Å apart", "on top of each other"),
        ("The calculation 'full' has no gap (filled to 7.00 eV, empty from 7.00 eV): choose 'metal'.", "metal"),
        ("FakeGround ended with exit code 330: The job ran out of memory whatever was tried", "more memory"),
        ("the stars stood wrong", "extend the dataset"),
    ],
)
def test_the_words_of_a_reason_decide(reason: str, advice: str) -> None:
    assert advice in remedy(reason)
