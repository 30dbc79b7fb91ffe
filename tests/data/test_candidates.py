"""Candidate nodes: exact round trips through the store, counts for queries."""

import numpy as np
import pytest
from aiida import orm

from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.science.interfaces.candidates import CandidateError, CandidateSet
from aiida_gbml.science.interfaces.translations import TranslationGroup

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


@pytest.fixture
def candidates() -> CandidateSet:
    return CandidateSet(
        translations=np.array([[0.0, 0.0], [0.5, 0.25], [0.5, 0.5]]),
        gaps=np.array([0.2, 0.6, 0.6]),
        terminations=np.array([0, 1, 1]),
        n_removed=np.array([0, 0, 2]),
        multiplicities=np.array([1, 2, 1]),
        group=TranslationGroup.of_lattice(np.diag([3.6, 2.5])),
        n_before=12,
    )


def test_stored_candidates_are_the_same(candidates: CandidateSet) -> None:
    node = orm.load_node(CandidateSetData(candidates).store().pk)
    assert node.content == candidates.to_bytes()
    assert np.array_equal(node.candidates.translations, candidates.translations)
    assert np.array_equal(node.candidates.group.lattice, candidates.group.lattice)
    assert len(node) == 3


def test_counts_are_attributes(candidates: CandidateSet) -> None:
    assert CandidateSetData.from_content(candidates.to_bytes()).base.attributes.all == {
        "n_candidates": 3,
        "n_before": 12,
        "n_terminations": 2,
        "max_removed": 2,
        "min_gap": 0.2,
        "max_gap": 0.6,
    }


def test_damaged_bytes_become_no_node(candidates: CandidateSet) -> None:
    with pytest.raises(CandidateError):
        CandidateSetData.from_content(candidates.to_bytes()[:100])
