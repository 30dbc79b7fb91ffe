"""Excess quantities of a boundary against the perfect crystal, which the same engine and settings have to give.

Compositions are mappings from atomic numbers to counts of atoms. With E and V of a cell that holds N units of the bulk
and n boundaries of area A, the excess energy is (E - N E_bulk) / (n A) and the excess volume (V - N V_bulk) / (n A).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array

J_PER_M2 = 16.02176634  # of 1 eV/Å², exact since the 2019 revision of the SI

Composition = Mapping[int, int]


class ExcessError(ValueError):
    """An excess quantity that is not defined for these numbers."""


def bulk_units(composition: Composition, bulk_composition: Composition) -> float:
    """Return how many bulk cells hold as many atoms as a structure.

    :raises ExcessError: when the structure is not stoichiometric, so that its energy depends on chemical potentials.
    """
    ratios = {composition.get(number, 0) / count for number, count in bulk_composition.items()}
    if set(composition) - set(bulk_composition) or len(ratios) != 1 or 0.0 in ratios:
        raise ExcessError(
            f"the structure ({_text(composition)}) is no multiple of the bulk ({_text(bulk_composition)}): its excess "
            "energy depends on chemical potentials, use gamma_line"
        )
    return ratios.pop()


def excess_energy(
    energy: float,
    composition: Composition,
    *,
    bulk_energy: float,
    bulk_composition: Composition,
    area: float,
    n_boundaries: int = 2,
) -> float:
    """Return the excess energy of a stoichiometric cell in J/m².

    :param energy: of the cell in eV.
    :param bulk_energy: of a bulk cell of ``bulk_composition`` in eV.
    :param area: of one boundary in Å².
    :raises ExcessError: when the cell is not stoichiometric or has no boundary.
    """
    excess = energy - bulk_units(composition, bulk_composition) * bulk_energy
    return J_PER_M2 * excess / _total_area(area, n_boundaries)


def excess_volume(
    volume: float,
    composition: Composition,
    *,
    bulk_volume: float,
    bulk_composition: Composition,
    area: float,
    n_boundaries: int = 2,
) -> float:
    """Return the excess volume an area of a periodic, stoichiometric cell in Å.

    :param volume: of the cell in Å³.
    :param bulk_volume: of a bulk cell of ``bulk_composition`` in Å³.
    :param area: of one boundary in Å².
    :raises ExcessError: when the cell is not stoichiometric or has no boundary.
    """
    excess = volume - bulk_units(composition, bulk_composition) * bulk_volume
    return excess / _total_area(area, n_boundaries)


@dataclass(frozen=True)
class GammaLine:
    """The excess energy as a function of chemical potentials, of any composition.

    gamma(mu) = intercept - sum_i excess_i mu_i; the bulk fixes the potential of the element that is not listed.

    :param intercept: J/m² at vanishing chemical potentials.
    :param excess: atoms an Å² of boundary beyond the stoichiometric number, by atomic number.
    """

    intercept: float
    excess: Mapping[int, float]

    def at(self, potentials: Mapping[int, float]) -> float:
        """Return the excess energy in J/m² at chemical potentials in eV, by atomic number.

        :raises ExcessError: when the potential of an element in excess is missing.
        """
        missing = [number for number, excess in self.excess.items() if excess and number not in potentials]
        if missing:
            raise ExcessError(f"no chemical potential is given for the element {_text({missing[0]: 1})}")
        return self.intercept - J_PER_M2 * sum(excess * potentials[n] for n, excess in self.excess.items() if excess)


def gamma_line(
    energy: float,
    composition: Composition,
    *,
    bulk_energy: float,
    bulk_composition: Composition,
    area: float,
    n_boundaries: int = 2,
    reference: int | None = None,
) -> GammaLine:
    """Return the excess energy of a cell of any composition as a function of chemical potentials.

    For an oxide MOx with M as the reference this is [E - N_M E_bulk - (N_O - x N_M) mu_O] / (n A).

    :param energy: of the cell in eV.
    :param bulk_energy: of a bulk cell of ``bulk_composition`` in eV.
    :param area: of one boundary in Å².
    :param reference: atomic number of the element whose potential follows from the bulk; by default the rarest of the
        bulk, and the heaviest of these.
    :raises ExcessError: when the cell holds elements that the bulk lacks, or has no boundary.
    """
    if set(composition) - set(bulk_composition):
        raise ExcessError(f"the structure ({_text(composition)}) holds elements that the bulk lacks")
    if reference is None:
        reference = min(bulk_composition, key=lambda number: (bulk_composition[number], -number))
    units = composition.get(reference, 0) / bulk_composition[reference]
    whole = _total_area(area, n_boundaries)
    return GammaLine(
        intercept=J_PER_M2 * (energy - units * bulk_energy) / whole,
        excess={
            number: (composition.get(number, 0) - units * count) / whole
            for number, count in bulk_composition.items()
            if number != reference
        },
    )


def excess_energy_of_atoms(
    energies: Array, numbers: Array, distances: Array, *, bulk_energies: Mapping[int, float], radius: float, area: float
) -> float:
    """Return the excess energy of one boundary in J/m² from the energies of the atoms near it.

    The result has to be flat in ``radius``; it leaves out what lies farther off, such as the surfaces of a slab.

    :param energies: (N,) of the atoms in eV.
    :param numbers: (N,) atomic numbers.
    :param distances: (N,) from the boundary plane in Å.
    :param bulk_energies: of an atom of each element in the bulk in eV, by atomic number.
    :param radius: atoms within this distance count.
    :param area: of the boundary in Å².
    """
    near = np.abs(distances) < radius
    bulk = np.array([bulk_energies[number] for number in numbers[near].tolist()])
    return float(J_PER_M2 * np.sum(energies[near] - bulk) / _total_area(area, 1))


def _total_area(area: float, n_boundaries: int) -> float:
    if not (area > 0 and n_boundaries > 0):
        raise ExcessError(f"a cell with {n_boundaries} boundaries of {area} Å² has no excess energy an area")
    return area * n_boundaries


def _text(composition: Composition) -> str:
    """Return a chemical formula."""
    from ase.data import chemical_symbols

    return "".join(f"{chemical_symbols[number]}{count}" for number, count in sorted(composition.items()))
