"""Histograms of scores with bins that suit any model, so that those of shards can be added."""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array

_PER_OCTAVE, _LOWEST, _HIGHEST = 16, -32, 16
_STEPS = (_HIGHEST - _LOWEST) * _PER_OCTAVE

N_BINS = 2 * _STEPS + 1


def bin_edges() -> Array:
    """Return the (N_BINS + 1,) edges: sixteen bins between each power of two and the next, on both sides of zero.

    The bin in the middle is for scores smaller than 2^-32, the first and the last for all beyond 2^16 too.
    """
    octaves = np.repeat(np.arange(_LOWEST, _HIGHEST), _PER_OCTAVE)
    starts = (1 + np.tile(np.arange(_PER_OCTAVE), _HIGHEST - _LOWEST) / _PER_OCTAVE) * 2.0**octaves
    positive = np.append(starts, 2.0**_HIGHEST)
    return np.concatenate([-positive[::-1], positive])


def count_scores(scores: Array) -> Array:
    """Return the (N_BINS,) numbers of scores in each bin; an edge belongs to the bin that is further from zero."""
    fraction, exponent = np.frexp(np.abs(scores))  # fraction from 0.5 to 1
    octave = exponent - 1 - _LOWEST
    within = ((2 * fraction - 1) * _PER_OCTAVE).astype(np.int64)
    step = np.where(fraction > 0, octave * _PER_OCTAVE + within + 1, 0).clip(0, _STEPS)
    counts: Array = np.bincount(np.where(scores < 0, -step, step) + _STEPS, minlength=N_BINS)
    return counts
