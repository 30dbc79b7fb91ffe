"""Coverage: which later compositions are candidates at all, and why others are not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import MOST_CHARGE, RoleTable

REASONS = ("number of elements", "no ion", "no anion", "not neutral", "coefficient", "filter")
"""Why a composition is no candidate: another number of elements; an element that is no ion; no element that can be the
anion; no neutral assignment of charges; a coefficient above the limit; left out by a filter."""

_INSIDE = -1


@dataclass(frozen=True)
class Coverage:
    """The compositions of a set that are candidates.

    :param roles: of the candidates.
    :param rows: (n,) their rows in the set.
    :param reasons: (m,) number in :data:`REASONS` of why each composition of the set is none; -1 for candidates.
    """

    roles: RoleTable
    rows: Array
    reasons: Array

    @classmethod
    def of(cls, compositions: CompositionSet, space: CandidateSpace) -> Coverage:
        """Return what a space covers of a set."""
        roles, rows = RoleTable.of(compositions, space.ions, space.arity, space.limits)
        is_inside = space.mask(roles)
        fits = compositions.arity == space.arity
        numbers = compositions.numbers[:, : space.arity]
        ions = np.isin(numbers, [*space.ions.cations, *space.ions.anions]).all(axis=1)
        anions = np.isin(numbers, list(space.ions.anions)).any(axis=1)
        neutral = np.zeros(len(compositions), dtype=bool)
        neutral[RoleTable.of(compositions, space.ions, space.arity)[1]] = True
        # What has more charge than is counted there, as La6Mo8O33, is no candidate, but it may be neutral.
        most = compositions.coefficients.max(axis=1).astype(int) * max(space.ions.anions.values())
        for row in np.flatnonzero(fits & ~neutral & (most > MOST_CHARGE)).tolist():
            neutral[row] = _is_neutral(compositions[row], space.ions)
        fails = [~fits, ~ions, ~anions, ~neutral]
        reasons = np.select(fails, range(len(fails)), REASONS.index("coefficient"))
        reasons[rows] = np.where(is_inside, _INSIDE, REASONS.index("filter"))
        return cls(roles.take(is_inside), rows[is_inside], reasons)

    @property
    def outside(self) -> dict[str, int]:
        """Number of compositions that are no candidates, by reason; all of :data:`REASONS`."""
        return {name: int(np.count_nonzero(self.reasons == number)) for number, name in enumerate(REASONS)}

    def rows_outside(self, reason: str) -> Array:
        """Return the rows of the compositions that are no candidates for a reason, one of :data:`REASONS`."""
        return np.flatnonzero(self.reasons == REASONS.index(reason))

    def __len__(self) -> int:
        return len(self.rows)


def _is_neutral(composition: Composition, ions: IonTable) -> bool:
    """Return whether some element is the anion in a neutral assignment, however large the coefficients are."""
    amounts = dict(zip(composition.numbers, composition.coefficients, strict=True))
    for anion in amounts.keys() & ions.anions.keys():
        cations = [(ions.cations.get(number, ()), amount) for number, amount in amounts.items() if number != anion]
        wanted = ions.anions[anion] * amounts[anion]
        if not all(charges for charges, _ in cations):
            continue
        if ions.mixed_valence:  # every total between two is possible
            least, most = (sum(charges[end] * amount for charges, amount in cations) for end in (0, -1))
            if least <= wanted <= most:
                return True
        elif wanted in map(sum, product(*([charge * amount for charge in charges] for charges, amount in cations))):
            return True
    return False


def never_seen(later: RoleTable, known: RoleTable) -> tuple[Array, Array]:
    """Return two (n,) masks of later compositions: their ratio, and one of their elements, is in no known one.

    A ratio is that of the cations' coefficients, in any order, and the anion's. Many models give such compositions the
    lowest score, because they have nothing to go by.
    """
    ratios = {tuple(row) for row in _sorted_ratios(known)}
    new_ratio = np.array([tuple(row) not in ratios for row in _sorted_ratios(later)], dtype=bool)
    new_cation = ~np.isin(later.cations, known.cations).all(axis=1)
    return new_ratio, new_cation | ~np.isin(later.anions, known.anions)


def _sorted_ratios(roles: RoleTable) -> list[list[int]]:
    cations = np.sort(roles.coefficients[:, :-1], axis=1)
    table: list[list[int]] = np.column_stack([cations, roles.coefficients[:, -1]]).tolist()
    return table
