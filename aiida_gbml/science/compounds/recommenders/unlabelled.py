"""Candidates that nobody has labelled, drawn evenly from a space: what a classifier learns to tell the known ones from.

They are not negatives. Some of them exist and are not yet known, and a few of those are drawn.
"""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import composition_keys
from aiida_gbml.science.compounds.roles import RoleTable, anion_places

_DRAWS = 1 << 16
_MOST_ROUNDS = 2000


def draw_unlabelled(space: CandidateSpace, n: int, seed: int, known: RoleTable) -> RoleTable:
    """Return up to n distinct candidates that are not known, each equally likely.

    Elements and coefficients are drawn evenly from the grid of all of them, and kept where they are a candidate.

    :param space: its filters have no effect.
    :param n: fewer are returned where the space has hardly more.
    :param seed: of the draw.
    :param known: compositions to leave out.
    """
    generator = np.random.default_rng(seed)
    cations, anions = (np.array(list(part), dtype=np.uint8) for part in (space.ions.cations, space.ions.anions))
    seen: set[bytes] = set(composition_keys(*known.columns()).tolist())
    parts: list[RoleTable] = []
    n_found = 0
    for _ in range(_MOST_ROUNDS):
        drawn = _neutral(_draw(generator, cations, anions, space), space)
        keys = composition_keys(*drawn.columns()).tolist()
        new = [row for row, key in enumerate(keys) if key not in seen and not seen.add(key)]  # type: ignore[func-returns-value]
        parts.append(drawn.take(np.array(new[: n - n_found], dtype=np.int64)))
        n_found += len(parts[-1])
        if n_found >= n or (not new and len(drawn)):
            break
    return RoleTable.concatenate(parts)


def _draw(generator: np.random.Generator, cations: Array, anions: Array, space: CandidateSpace) -> RoleTable:
    """Return elements and coefficients from the whole grid, neutral or not."""
    n_cations = space.arity - 1
    chosen = np.sort(cations[generator.integers(len(cations), size=(_DRAWS, n_cations))], axis=1)
    amounts = generator.integers(1, space.limits.cation + 1, size=(_DRAWS, n_cations))
    last = generator.integers(1, space.limits.anion + 1, size=_DRAWS)
    owners = anions[generator.integers(len(anions), size=_DRAWS)]
    distinct = (np.diff(chosen.astype(int), axis=1) > 0).all(axis=1) & (chosen != owners[:, None]).all(axis=1)
    return RoleTable(chosen, owners, np.column_stack([amounts, last]).astype(np.uint8)).take(distinct)


def _neutral(roles: RoleTable, space: CandidateSpace) -> RoleTable:
    """Return the rows that are candidates: reduced, neutral, with this anion."""
    numbers = np.column_stack([roles.cations, roles.anions])
    places = anion_places(numbers, roles.coefficients.astype(np.int64), space.ions, space.limits)
    reduced = np.gcd.reduce(roles.coefficients, axis=1) == 1
    return roles.take((places == numbers.shape[1] - 1) & reduced)
