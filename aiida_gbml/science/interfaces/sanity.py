"""Whether a candidate is a sane structure: what to look at before an engine is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.interfaces.terminations import is_stoichiometric

if TYPE_CHECKING:
    from ase import Atoms

    from aiida_gbml.science.interfaces.bicrystal import Bicrystal
    from aiida_gbml.science.interfaces.crystal import Crystal

_AMU_PER_A3 = 1.66053906660  # g/cm³ of 1 amu/Å³


class OverlapError(ValueError):
    """Atoms of a candidate lie on top of each other."""


@dataclass(frozen=True)
class SanityReport:
    """Figures that tell a sane candidate from a broken one.

    :param n_atoms: number of atoms.
    :param composition: atoms of each element.
    :param closest_distance: shortest distance between two atoms in Å.
    :param closest_pair: their elements.
    :param distance_ratio: the shortest distance over the shortest one of the bulk.
    :param density: mass density of the cell in g/cm³; of a slab, vacuum left out.
    :param density_ratio: over that of the bulk.
    :param stoichiometric: whether there are whole formula units.
    :param net_charge: sum of the formal charges in e; none when the crystal has none.
    :param lattice_mismatch: largest strain that either grain needs to fit the common cell.
    """

    n_atoms: int
    composition: dict[str, int]
    closest_distance: float
    closest_pair: tuple[str, str]
    distance_ratio: float
    density: float
    density_ratio: float
    stoichiometric: bool
    net_charge: float | None
    lattice_mismatch: float

    def check(self, min_distance_ratio: float) -> None:
        """Raise when two atoms are closer than a fraction of the bulk bond.

        :raises OverlapError: naming the pair and the distance.
        """
        if self.distance_ratio < min_distance_ratio:
            pair = "-".join(self.closest_pair)
            raise OverlapError(
                f"two atoms ({pair}) are {self.closest_distance:.2f} Å apart, {self.distance_ratio:.2f} of the bond "
                f"in the bulk, less than the allowed {min_distance_ratio}; use a larger gap or remove an atom"
            )


def report(atoms: Atoms, bicrystal: Bicrystal) -> SanityReport:
    """Return the figures of one candidate, as built or relaxed."""
    crystal = bicrystal.crystal
    distance, pair = closest_pair(atoms, 2 * crystal.bond_length)
    density, bulk = _density(atoms, bicrystal), _bulk_density(crystal)
    symbols = atoms.get_chemical_symbols()
    return SanityReport(
        n_atoms=len(atoms),
        composition=dict(sorted(Counter(symbols).items())),
        closest_distance=distance,
        closest_pair=pair,
        distance_ratio=distance / crystal.bond_length,
        density=density,
        density_ratio=density / bulk,
        stoichiometric=is_stoichiometric(atoms.numbers, crystal),
        net_charge=sum(crystal.charges[symbol] for symbol in symbols) if crystal.charges else None,
        lattice_mismatch=lattice_mismatch(atoms, bicrystal),
    )


def closest_pair(atoms: Atoms, cutoff: float) -> tuple[float, tuple[str, str]]:
    """Return the shortest distance in Å between two atoms, and their elements.

    :param cutoff: where to stop looking, in Å.
    :raises ValueError: when no two atoms are that near.
    """
    from ase.neighborlist import neighbor_list

    first, second, distances = neighbor_list("ijd", atoms, cutoff)
    if not len(distances):
        raise ValueError(f"no two atoms are closer than {cutoff:.2f} Å")
    nearest = int(np.argmin(distances))
    one, two = sorted((atoms.symbols[first[nearest]], atoms.symbols[second[nearest]]))
    return float(distances[nearest]), (one, two)


def lattice_mismatch(atoms: Atoms, bicrystal: Bicrystal) -> float:
    """Return the largest strain of either grain in the plane of the cell, which is zero for an exact coincidence.

    The in-plane periods of the cell are compared with the nearest lattice vectors of each grain.
    """
    cell = atoms.cell.array[:2, :2]
    strains = []
    for grain in (bicrystal.lower, bicrystal.upper):
        own = grain.to_frame(grain.plane_lattice)[:, :2]
        nearest = np.round(cell @ np.linalg.inv(own)) @ own
        strains.append(np.linalg.svd(np.linalg.inv(nearest) @ cell - np.eye(2), compute_uv=False).max())
    return float(max(strains))


def _density(atoms: Atoms, bicrystal: Bicrystal) -> float:
    """Return the density in g/cm³; a slab ends half a bulk spacing beyond its outermost atoms."""
    height = atoms.cell[2, 2]
    if bicrystal.geometry == "slab":
        height = np.ptp(atoms.positions[:, 2]) + (bicrystal.lower.spacing + bicrystal.upper.spacing) / 2
    return float(atoms.get_masses().sum() / (bicrystal.area * height) * _AMU_PER_A3)


def _bulk_density(crystal: Crystal) -> float:
    bulk = crystal.to_ase()
    return float(bulk.get_masses().sum() / bulk.get_volume() * _AMU_PER_A3)
