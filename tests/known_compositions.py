"""Small sets of known compositions for tests of recommenders, drawn from families of similar elements."""

from __future__ import annotations

from functools import cache

import numpy as np

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits, RoleTable

IONS = IonTable.from_dict(
    {
        "anions": {"F": 1, "O": 2, "Cl": 1, "S": 2},
        "cations": {
            "Li": [1], "Na": [1], "K": [1], "Mg": [2], "Ca": [2], "Sr": [2], "Al": [3], "Ti": [3, 4], "Fe": [2, 3],
            "Zr": [4], "S": [4, 6],
        },
    }
)  # fmt: skip
"""Eleven cations, one of which is an anion as well."""

LIMITS = CoefficientLimits(3, 8)


def space_of(arity: int) -> CandidateSpace:
    """Return the space of a few hundred to a few thousand candidates."""
    return CandidateSpace(IONS, arity, LIMITS)


@cache
def all_candidates(arity: int) -> RoleTable:
    """Return every candidate of the space."""
    return RoleTable.concatenate([block.roles() for block in space_of(arity).blocks()])


@cache
def known_set(seed: int = 0, arities: tuple[int, ...] = (2, 3, 4), n: int = 120) -> CompositionSet:
    """Return some n candidates of each arity, of which those with frequent elements and ratios are likelier."""
    generator = np.random.default_rng(seed)
    compositions = []
    for arity in arities:
        roles = all_candidates(arity)
        liking = generator.normal(size=256)
        weights = np.exp(liking[roles.cations].sum(axis=1) + liking[roles.anions] - roles.coefficients.sum(axis=1) / 2)
        rows = generator.choice(len(roles), min(n, len(roles) // 2), replace=False, p=weights / weights.sum())
        compositions += [roles.composition(row) for row in sorted(rows.tolist())]
    ages = list(range(len(compositions)))
    return CompositionSet.of(compositions, [f"id-{age}" for age in ages], ages, "drawn for a test", "CC0")


def known_roles(known: CompositionSet, arity: int) -> RoleTable:
    """Return the known compositions of an arity with their roles."""
    return RoleTable.of(known, IONS, arity, LIMITS)[0]
