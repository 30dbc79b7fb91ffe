"""What a Kriging search learned: the energy of every boundary structure of a search space, with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.learning.gaussian_process import (
    GaussianProcess,
    HyperparameterPrior,
    Hyperparameters,
    LogNormal,
)
from aiida_gbml.science.learning.kernels import Harmonic, invariant_harmonics
from aiida_gbml.science.learning.model_file import ModelFile

MODEL_KIND = "kriging"

_CAP = 2.0
_LEAST_RANGE = 0.01  # J/m²
_GROUP = ("lattice", "rotations", "shifts")


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

    def __call__(self, translations: Array, gaps: Array, terminations: Array, n_removed: Array) -> Array:
        """Return the (n, d) features of (n, 2) translations and (n,) gaps in Å, terminations and removed atoms."""
        fractional = self.group.fractional(translations)
        columns = [harmonic(fractional) for harmonic in self.harmonics]
        if self.gap_spread > 0:
            columns.append((gaps - self.gap_centre) / self.gap_spread)
        columns.extend(_indicators(terminations, self.terminations))
        columns.extend(_indicators(n_removed, self.n_removed))
        return np.stack(columns, axis=1)

    @cached_property
    def harmonics(self) -> list[Harmonic]:
        """The harmonics, by increasing length of the dual vector."""
        group = self.group
        return invariant_harmonics(group.lattice, group.rotations, group.shifts, self.n_harmonics)

    @property
    def prior(self) -> HyperparameterPrior:
        """Priors of the length scales of the features.

        The energy of a boundary is a sum over pairs of atoms a few Å apart, so that its Fourier coefficients fall
        quickly with the length of G: the length scale of a harmonic is expected to grow with the square of
        that length, and the data may overrule it. Along the gap a boundary opens
        without crossing barriers, so that the energy is expected to have one smooth valley over all gaps.
        """
        shortest = self.harmonics[0].wave_number
        translation = [LogNormal(1.5 * (one.wave_number / shortest) ** 2, 1.0) for one in self.harmonics]
        gap = [LogNormal(3.0, 0.7)] * (self.gap_spread > 0)
        categories = [LogNormal(1.0, 1.0)] * sum(
            len(one) for one in (self.terminations, self.n_removed) if len(one) > 1
        )
        return HyperparameterPrior((*translation, *gap, *categories))


def _indicators(values: Array, levels: tuple[int, ...]) -> Iterator[Array]:
    """Yield one column of zeros and ones a level, none when there is only one."""
    if len(levels) > 1:
        for level in levels:
            yield (values == level).astype(float)


@dataclass(frozen=True)
class TargetScale:
    """How energies become the targets of a Gaussian process.

    :param cap: energies above this are all equally bad, J/m²: overlapping atoms must not rule the model.
    :param offset: energy of the target 0, J/m².
    :param unit: energy of one unit of the target, J/m².
    """

    cap: float
    offset: float
    unit: float

    @classmethod
    def of(cls, energies: Array) -> TargetScale:
        """Return the scale of (n,) observed energies: capped at median + 2 (median - minimum) or more, standardised."""
        median = float(np.median(energies))
        lowest = float(np.min(energies))
        # Where most starts relax to one structure the median is the minimum, which must not hide what the others cost.
        cap = max(median + _CAP * (median - lowest), lowest + _LEAST_RANGE)
        capped = np.minimum(energies, cap)
        return cls(cap, float(capped.mean()), float(capped.std()) or 1.0)

    def targets(self, energies: Array) -> Array:
        """Return the (n,) targets of (n,) energies in J/m²; NaN, a failed evaluation, is as bad as can be."""
        result: Array = (np.minimum(np.nan_to_num(energies, nan=self.cap), self.cap) - self.offset) / self.unit
        return result


@dataclass(frozen=True)
class Surrogate:
    """The excess energy as a function of the boundary structure, with its uncertainty.

    :param features: how a structure becomes a point.
    :param process: what was learned from the observations.
    :param scale: how its targets become energies.
    """

    features: CandidateFeatures
    process: GaussianProcess
    scale: TargetScale

    def predict(self, translations: Array, gaps: Array, terminations: Array, n_removed: Array) -> tuple[Array, Array]:
        """Return the (n,) excess energies and their standard deviations in J/m².

        :param translations: (n, 2) in Å.
        :param gaps: (n,) in Å.
        :param terminations: (n,) indices.
        :param n_removed: (n,) numbers of atoms.
        """
        mean, deviation = self.process.predict(self.features(translations, gaps, terminations, n_removed))
        return self.scale.offset + self.scale.unit * mean, self.scale.unit * deviation

    def to_model_file(self) -> ModelFile:
        """Return the model as arrays and plain values."""
        arrays = {"points": self.process.points_, "targets": self.process.targets_}
        arrays |= {name: getattr(self.features.group, name) for name in _GROUP}
        return ModelFile(
            kind=MODEL_KIND,
            arrays=arrays,
            hyperparameters={**self.process.hyperparameters_.to_dict(), "scale": vars(self.scale)},
            features={
                "n_harmonics": self.features.n_harmonics,
                "gap_centre": self.features.gap_centre,
                "gap_spread": self.features.gap_spread,
                "terminations": list(self.features.terminations),
                "n_removed": list(self.features.n_removed),
            },
            units={"energy": "J/m^2", "translation": "angstrom", "gap": "angstrom"},
        )

    @classmethod
    def from_model_file(cls, file: ModelFile) -> Surrogate:
        """Return the model that :meth:`to_model_file` wrote.

        :raises KeyError: when something is missing.
        :raises ValueError: when the arrays do not fit each other.
        """
        values = dict(file.hyperparameters)
        scale = TargetScale(**values.pop("scale"))
        levels = {name: tuple(file.features[name]) for name in ("terminations", "n_removed")}
        group = TranslationGroup(*(file.arrays[name] for name in _GROUP))
        features = CandidateFeatures(group=group, **{**file.features, **levels})
        points, targets = file.arrays["points"], file.arrays["targets"]
        hyperparameters = Hyperparameters(**{**values, "lengths": tuple(values["lengths"])})
        width = len(features.prior.lengths)
        if points.shape != (len(targets), width) or len(hyperparameters.lengths) != width:
            raise ValueError(f"points of the shape {points.shape} do not fit {width} features")
        return cls(features, GaussianProcess(hyperparameters=hyperparameters).fit(points, targets), scale)


KINDS = {MODEL_KIND: Surrogate.from_model_file}
"""How a stored model of this domain is rebuilt, for :func:`aiida_gbml.science.learning.model_file.rebuild`."""
