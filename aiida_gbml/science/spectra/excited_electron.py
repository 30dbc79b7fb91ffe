"""The electron that an excited cell (XCH) has above its filled bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array


@dataclass(frozen=True)
class ExcitedElectron:
    """Where the band of the excited electron lies.

    :param bottom: lowest energy of the band in eV.
    :param top: highest energy of the band in eV: the highest occupied level of the cell.
    :param mean: average energy of the band over the k-points, in eV.
    :param valence_top: highest energy in eV of the bands that are filled without the excited electron.
    """

    bottom: float
    top: float
    mean: float
    valence_top: float

    @property
    def width(self) -> float:
        """Width of the band in eV: how far the excited electrons of neighbouring images feel each other."""
        return self.top - self.bottom

    @property
    def filling(self) -> float:
        """Energy in eV that the electron has above the bottom of its band, because a small cell fills the whole band.

        Alone in a large crystal it would be at the bottom: the band-filling correction of S. Lany & A. Zunger,
        Phys. Rev. B 78, 235104 (2008). It is zero for molecules, and where there is one k-point.
        """
        return self.mean - self.bottom

    @property
    def cut(self) -> float:
        """Middle of the gap below the excited electron in eV: where to cut, so that its own state is a final state."""
        return (self.valence_top + self.bottom) / 2


def excited_electron(bands: Array, occupations: Array, weights: Array | None = None) -> ExcitedElectron:
    """Return the excited electron of a cell with fixed occupations.

    :param bands: (2, k, n) energies in eV, ascending in n; the first spin is the one with the excited electron.
    :param occupations: (2, k, n).
    :param weights: (k,) of the k-points, equal ones by default.
    """
    filled_up, filled_down = ((occupations[spin, 0] > occupations.max() / 2).sum() for spin in (0, 1))
    own = bands[0, :, filled_up - 1]
    others = [bands[0, :, filled_up - 2].max()] if filled_up > 1 else []
    others += [bands[1, :, filled_down - 1].max()] if filled_down else []
    return ExcitedElectron(
        bottom=float(own.min()),
        top=float(own.max()),
        mean=float(np.average(own, weights=weights)),
        valence_top=float(max(others, default=own.min() - 2.0)),
    )
