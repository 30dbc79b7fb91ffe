"""Compositions of up to five elements as single numbers, which decide between candidates of equal score."""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import MOST_COEFFICIENT
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.roles import RoleTable

WIDTH = 5

_ELEMENTS, _AMOUNTS = 128, MOST_COEFFICIENT + 1
_ALL_AMOUNTS = _AMOUNTS**WIDTH  # 41^5 128^5 < 2^62


def pack_keys(numbers: Array, coefficients: Array) -> Array:
    """Return (n,) 64-bit numbers, one for each composition, in the order of the elements and then of the coefficients.

    :param numbers: (n, m) atomic numbers, ascending in a row, padded with 0; m is at most 5.
    :param coefficients: (n, m) whole numbers up to :data:`MOST_COEFFICIENT`, padded with 0.
    """
    keys = np.zeros(len(numbers), dtype=np.uint64)
    for array, base in ((numbers, _ELEMENTS), (coefficients, _AMOUNTS)):
        for column in range(WIDTH):
            keys *= np.uint64(base)
            if column < array.shape[1]:
                keys += array[:, column].astype(np.uint64)
    return keys


def unpack_keys(keys: Array, arity: int = WIDTH) -> tuple[Array, Array]:
    """Return the (n, arity) atomic numbers and coefficients of keys."""
    parts = []
    for part, base in zip(np.divmod(keys, np.uint64(_ALL_AMOUNTS)), (_ELEMENTS, _AMOUNTS), strict=True):
        powers = [np.uint64(base**power) for power in range(WIDTH - 1, WIDTH - 1 - arity, -1)]
        parts.append(np.column_stack([part // power % np.uint64(base) for power in powers]).astype(np.uint8))
    return parts[0], parts[1]


def keys_of_roles(roles: RoleTable) -> Array:
    """Return the (n,) keys of compositions with their roles."""
    return pack_keys(*roles.columns())


def keys_of_set(compositions: CompositionSet, arity: int) -> Array:
    """Return the ascending keys of the compositions of some arity that can be candidates at all."""
    _, numbers, coefficients = compositions.of_arity(arity)
    fits = (coefficients <= MOST_COEFFICIENT).all(axis=1)
    return np.sort(pack_keys(numbers[fits], coefficients[fits]))


def among(keys: Array, ascending: Array) -> Array:
    """Return (n,) whether keys are among others.

    :param ascending: the others, ascending.
    """
    if not len(ascending):
        return np.zeros(len(keys), dtype=bool)
    places = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    found: Array = ascending[places] == keys
    return found
