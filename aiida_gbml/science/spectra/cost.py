"""What a spectrum costs before it is computed: an order of magnitude, from plane waves, bands and k-points.

The numbers are CPU seconds of single runs of Quantum ESPRESSO 6.7 on one core, with ultrasoft datasets at 32 Ry:
magnesium oxide (2 and 16 atoms), quartz (9 atoms) and methane in a box of 7 Å. The model gives each within a factor of
two to three; norm-conserving datasets cost a few times less.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from ase.units import Bohr

_START = 0.5
"""CPU seconds of a program that does nothing."""

_DENSITY = 1.2e-5
"""CPU seconds of an SCF for each plane wave of the density: augmentation, potential and mixing."""

_BANDS = 7.4e-5
"""CPU seconds of an SCF for each plane wave, band and k-point."""

_MANY_BANDS = 200.0
"""Bands from which orthogonalisation costs as much as everything else of a band."""

_LANCZOS = 5e-4
"""CPU seconds of a Lanczos chain for each plane wave; one chain a k-point and polarisation."""


@dataclass(frozen=True)
class Cell:
    """What the cost of one supercell depends on.

    :param volume: in Å³.
    :param n_electrons: valence electrons.
    :param cutoff: of the wave functions in Ry; that of the density is eight times as high.
    :param n_kpoints: of the self-consistent run, without the help of symmetry.
    :param n_spectrum_kpoints: of the spectrum, whose full mesh is used.
    """

    volume: float
    n_electrons: float
    cutoff: float
    n_kpoints: int
    n_spectrum_kpoints: int

    @property
    def _plane_waves(self) -> float:
        """Plane waves below the cutoff: those in a sphere of radius sqrt(E) in reciprocal space."""
        return plane_waves(self.volume, self.cutoff)

    @property
    def scf_seconds(self) -> float:
        """CPU seconds of one self-consistent run without spin."""
        n_bands = self.n_electrons / 2
        bands = self.n_kpoints * self._plane_waves * n_bands * (1 + n_bands / _MANY_BANDS)
        return _START + _DENSITY * plane_waves(self.volume, 8 * self.cutoff) + _BANDS * bands

    def spectrum_seconds(self, n_polarisations: int) -> float:
        """Return the CPU seconds of the spectrum of one site and treatment."""
        return _START + _LANCZOS * self._plane_waves * self.n_spectrum_kpoints * n_polarisations


def plane_waves(volume: float, cutoff: float) -> float:
    """Return the number of plane waves in a volume (Å³) below a cutoff (Ry): V E^(3/2) / (6 pi²) in atomic units."""
    count: float = volume / Bohr**3 * cutoff**1.5 / (6 * pi**2)
    return count


def site_seconds(cell: Cell, treatments: list[str], n_polarisations: int, *, is_absolute: bool = True) -> float:
    """Return the CPU seconds of all runs of one site; the ground state, which its structure shares, is not among them.

    :param treatments: none, half, full or excited, each.
    :param is_absolute: whether the transition energy is wanted, which takes the excited cell with spin: twice an SCF.
    """
    holes = [one for one in treatments if one not in ("none", "excited")]
    is_excited = is_absolute or "excited" in treatments
    spectra = len(treatments) * cell.spectrum_seconds(n_polarisations)
    return (len(holes) + 2 * is_excited) * cell.scf_seconds + spectra
