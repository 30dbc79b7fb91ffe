"""From energies to the targets of a Gaussian process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array

_LEAST_UNIT = 1e-3  # eV


@dataclass(frozen=True)
class LogScale:
    """How energies become targets: their logarithm above the lowest, which keeps their order and with it every path.

    The wall around an atom of the host is many eV high and must not rule the model; what is low matters.

    :param lowest: lowest energy, eV.
    :param unit: energies this far above it in eV are half way between linear and logarithmic.
    :param offset: mean of the logarithms.
    :param spread: their standard deviation.
    :param highest: target of an evaluation that failed.
    """

    lowest: float
    unit: float
    offset: float
    spread: float
    highest: float

    @classmethod
    def of(cls, energies: Array) -> LogScale:
        """Return the scale of (n,) observed energies in eV."""
        lowest = float(energies.min())
        unit = max(float(np.median(energies)) - lowest, _LEAST_UNIT)
        logarithms = np.log1p((energies - lowest) / unit)
        offset, spread = float(logarithms.mean()), float(logarithms.std()) or 1.0
        return cls(lowest, unit, offset, spread, float((logarithms.max() - offset) / spread))

    def targets(self, energies: Array) -> Array:
        """Return the (n,) targets of (n,) energies in eV; NaN, a failed evaluation, is as high as can be."""
        ratio = (np.asarray(energies, dtype=float) - self.lowest) / self.unit
        logarithms = np.where(ratio < 0, ratio, np.log1p(np.maximum(ratio, 0)))
        return np.nan_to_num((logarithms - self.offset) / self.spread, nan=self.highest)

    def energies(self, targets: Array) -> Array:
        """Return the energies in eV of targets."""
        logarithms = np.asarray(targets) * self.spread + self.offset
        result: Array = self.lowest + self.unit * np.where(
            logarithms < 0, logarithms, np.expm1(np.maximum(logarithms, 0))
        )
        return result
