"""What a Kriging search learned: the energy of every boundary structure of a search space, with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.learning.gaussian_process import HyperparameterPrior, LogNormal
from aiida_gbml.science.learning.kernels import Harmonic, invariant_harmonics


@dataclass(frozen=True)
class CandidateFeatures:
    """Coordinates in which equivalent boundary structures coincide, and the energy is a smooth function.

    The columns are harmonics of the translation that the bicrystal symmetry leaves as they are, the gap in its own
    spread (when it varies), and one column a termination and a number of removed atoms (when they vary): two different
    categories are always equally far from each other.

    :param group: symmetry of the translations.
    :param n_harmonics: number of harmonics.
    :param gap_centre: mean gap of the candidates in Å.
    :param gap_spread: standard deviation of the gaps of the candidates in Å.
    :param terminations: the terminations among the candidates.
    :param n_removed: the numbers of removed atoms among the candidates.
    """

    group: TranslationGroup
    n_harmonics: int
    gap_centre: float
    gap_spread: float
    terminations: tuple[int, ...]
    n_removed: tuple[int, ...]

    @classmethod
    def of(cls, candidates: CandidateSet, n_harmonics: int) -> CandidateFeatures:
        """Return the features that tell the given candidates apart."""
        return cls(
            group=candidates.group,
            n_harmonics=n_harmonics,
            gap_centre=float(np.mean(candidates.gaps)),
            gap_spread=float(np.std(candidates.gaps)),
            terminations=tuple(np.unique(candidates.terminations).tolist()),
            n_removed=tuple(np.unique(candidates.n_removed).tolist()),
        )

    @cached_property
    def harmonics(self) -> list[Harmonic]:
        """The harmonics, by increasing length of the dual vector."""
        group = self.group
        return invariant_harmonics(group.lattice, group.rotations, group.shifts, self.n_harmonics)

    def __call__(self, translations: Array, gaps: Array, terminations: Array, n_removed: Array) -> Array:
        """Return the (n, d) features of (n, 2) translations and (n,) gaps in Å, terminations and removed atoms."""
        fractional = self.group.fractional(translations)
        columns = [harmonic(fractional) for harmonic in self.harmonics]
        if self.gap_spread > 0:
            columns.append((gaps - self.gap_centre) / self.gap_spread)
        columns.extend(_indicators(terminations, self.terminations))
        columns.extend(_indicators(n_removed, self.n_removed))
        return np.stack(columns, axis=1)

    @property
    def prior(self) -> HyperparameterPrior:
        """Priors of the length scales of the features."""
        count = self.n_harmonics + (self.gap_spread > 0)
        count += sum(len(levels) for levels in (self.terminations, self.n_removed) if len(levels) > 1)
        return HyperparameterPrior((LogNormal(1.0, 1.5),) * count)


def _indicators(values: Array, levels: tuple[int, ...]) -> Iterator[Array]:
    """Yield one column of zeros and ones a level, none when there is only one."""
    if len(levels) > 1:
        for level in levels:
            yield (values == level).astype(float)
