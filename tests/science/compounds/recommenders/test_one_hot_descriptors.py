"""Descriptors as prior knowledge: elements without known compositions are told apart."""

import numpy as np
from known_compositions import all_candidates, known_roles, known_set, space_of

from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.factorization_machine import FactorizationMachineRecommender
from aiida_gbml.science.compounds.recommenders.one_hot_descriptors import OneHotDescriptorsRecommender

SR, CA = 38, 20


def test_elements_never_seen_differ_by_their_properties_alone() -> None:
    roles = known_roles(known_set(), 3)
    unseen = ~np.isin(roles.cations, [SR, CA]).any(axis=1)
    known = CompositionSet.of([roles.composition(row) for row in np.flatnonzero(unseen)])
    every = all_candidates(3)
    calcium = every.take((every.cations == CA).any(axis=1) & (every.cations != SR).all(axis=1))
    settings = {"rank": 2, "n_unlabelled": 2, "iterations": 10, "samples": 2}
    machine = OneHotDescriptorsRecommender(**settings).fit(known, space_of(3))
    assert machine.kind == "one_hot_descriptors"
    assert machine._numbers(calcium).shape[1] > 0
    assert FactorizationMachineRecommender(**settings).fit(known, space_of(3))._numbers(calcium).shape[1] == 0
    assert np.ptp(machine.score(calcium)) > 0
