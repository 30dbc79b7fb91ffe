"""Leakage: later compositions that are known already, and those that are known ones with one element replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import MOST_COEFFICIENT, CandidateSpace
from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.ranks import roles_of_keys
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError
from aiida_gbml.science.compounds.roles import anion_places
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_set, pack_keys, unpack_keys

OnLeak = Literal["remove", "refuse"]

_SHOWN = 3
_BATCH = 1 << 18


def without_known(
    known: CompositionSet, later: CompositionSet, on_leak: OnLeak = "remove"
) -> tuple[CompositionSet, int]:
    """Return the later compositions that are not known, and the number of those that are.

    :param on_leak: ``refuse`` to end with an error where there are any.
    :raises EvaluationError: when later compositions are known and that is refused, or when none is left.
    """
    leaked = known.contains(later)
    n_leaked = int(np.count_nonzero(leaked))
    if n_leaked and on_leak == "refuse":
        shown = later.take(np.flatnonzero(leaked)[:_SHOWN]).formulas() + ["..."] * (n_leaked > _SHOWN)
        raise EvaluationError(
            f"{n_leaked} of the {len(later)} later compositions are known already ({', '.join(shown)}): take them out "
            "of the known ones, or let them be removed from the later ones"
        )
    if n_leaked == len(later):
        raise EvaluationError(f"all {n_leaked} later compositions are known already: there is nothing to find")
    return (later.take(~leaked) if n_leaked else later), n_leaked


def element_swaps(later: CompositionSet, known: CompositionSet) -> Array:
    """Return the (n,) mask of later compositions that are a known one with one element replaced by another.

    The coefficients stay in their places, such as SrTiO3 for BaTiO3 or LiGaS2 for LiGaO2; found by replacing an
    element, they are the easiest hits.
    """
    patterns = {pattern for row in range(len(known)) for pattern in _with_a_gap(known[row])}
    swaps = (any(pattern in patterns for pattern in _with_a_gap(later[row])) for row in range(len(later)))
    return np.fromiter(swaps, dtype=bool, count=len(later))


def _with_a_gap(composition: Composition) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """Yield a composition without each of its elements in turn: the coefficient in the gap, and all others."""
    pairs = tuple(zip(composition.numbers, composition.coefficients, strict=True))
    for place, (_, amount) in enumerate(pairs):
        yield amount, pairs[:place] + pairs[place + 1 :]


def count_swaps(known: CompositionSet, space: CandidateSpace) -> int:
    """Return how many candidates that are not known are a known composition with one element replaced.

    With it the hits that are swaps, and those that are not, can each be compared with chance.
    """
    _, numbers, coefficients = (array.astype(np.int64) for array in known.of_arity(space.arity))
    fits = (coefficients <= MOST_COEFFICIENT).all(axis=1)
    numbers, coefficients = numbers[fits], coefficients[fits]
    found = np.zeros(0, dtype=np.uint64)
    for place in range(space.arity):
        keys = [found]
        for element in _elements(space):
            chosen = ~(numbers == element).any(axis=1)
            replaced = numbers[chosen].copy()
            replaced[:, place] = element
            order = np.argsort(replaced, axis=1)
            parts = (np.take_along_axis(part, order, axis=1) for part in (replaced, coefficients[chosen]))
            keys.append(pack_keys(*parts))
        found = np.unique(np.concatenate(keys))
    found = found[~among(found, keys_of_set(known, space.arity))]
    return sum(_n_candidates(found[start : start + _BATCH], space) for start in range(0, len(found), _BATCH))


def _n_candidates(keys: Array, space: CandidateSpace) -> int:
    """Return how many keys are those of candidates."""
    numbers, coefficients = unpack_keys(keys, space.arity)
    neutral = anion_places(numbers, coefficients.astype(np.int64), space.ions, space.limits) >= 0
    return int(np.count_nonzero(space.mask(roles_of_keys(keys[neutral], space))))


def _elements(space: CandidateSpace) -> list[int]:
    return sorted({*space.ions.cations, *space.ions.anions})
