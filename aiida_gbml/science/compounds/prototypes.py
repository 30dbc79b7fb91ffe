r"""Structures for compositions that nobody has made: known structures with other elements in their places.

A structure can be the prototype of a composition with the same ratio of coefficients. Elements take the places of those
with the same coefficient, and the anion that of the anion. Where several ways are possible the nearest swap is
taken: the smallest sum of differences in Mendeleev number, Pettifor's order of the elements in which neighbours replace
each other in structures (J. Phys. C 19, 285 (1986)).

Lengths are scaled so that the bonds keep their mean ratio to the sums of radii, :math:`s = \sum_b (r_i + r_j)_{new} /
\sum_b (r_i + r_j)_{old}` over the bonds of the prototype. Radii are Shannon's for ions where both compositions are
neutral (Acta Cryst. A 32, 751 (1976), as distributed with pymatgen), else covalent (Cordero et al., Dalton Trans.
2832 (2008), as distributed with ASE). The relaxation that follows has to mend a few per cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np
from ase.data import covalent_radii

from aiida_gbml.science.compounds.composition import SYMBOLS, Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import LEVELS, IonTable
from aiida_gbml.science.compounds.roles import RoleTable

if TYPE_CHECKING:
    from ase import Atoms

Charges = Mapping[int, int]

BOND_RANGE = 1.2
"""Atoms are bonded up to this factor times the shortest of an atom's distances, each divided by the sum of radii."""

_LARGEST_SWAPS = 720  # permutations of six elements of one coefficient


class PrototypeError(ValueError):
    """A structure that cannot lend its places to other elements."""


@dataclass(frozen=True)
class Match:
    """How the elements of a composition take the places of those of a prototype.

    :param row: of the prototype in its list.
    :param places: atomic number of the new element by that of the old one.
    :param distance: sum of the differences in Mendeleev number (dimensionless).
    """

    row: int
    places: Mapping[int, int]
    distance: float


def composition_of(atoms: Atoms) -> Composition:
    """Return the reduced composition of a structure."""
    numbers, counts = np.unique(atoms.numbers, return_counts=True)
    return Composition.of(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def find_matches(composition: Composition, prototypes: Sequence[Composition]) -> list[Match]:
    """Return the prototypes of a composition, the nearest first, each with its nearest swap of elements.

    :param prototypes: compositions of the known structures.
    """
    pattern = sorted(composition.coefficients)
    found = []
    for row, known in enumerate(prototypes):
        if sorted(known.coefficients) == pattern:
            match = _nearest_swap(row, composition, known)
            found += [] if match is None else [match]
    return sorted(found, key=lambda match: (match.distance, match.row))


def substitute(atoms: Atoms, match: Match) -> Atoms:
    """Return a prototype with the new elements in their places and its lengths scaled.

    :param atoms: the prototype, a periodic crystal; lengths in Å.
    :raises PrototypeError: when it is not periodic in all directions.
    """
    if not atoms.pbc.all():
        raise PrototypeError(f"the prototype {composition_of(atoms).formula} is no crystal: it is not periodic")
    new = atoms.copy()
    new.numbers = np.array([match.places[number] for number in atoms.numbers.tolist()])
    new.set_cell(new.cell * length_scale(atoms, match), scale_atoms=True)
    return new


def length_scale(atoms: Atoms, match: Match) -> float:
    """Return the factor by which lengths grow (dimensionless)."""
    old, new = composition_of(atoms), _swapped(composition_of(atoms), match)
    charges = charges_of(old), charges_of(new)
    ionic = None not in charges
    radii = [_radii(one, charge if ionic else None) for one, charge in zip((old, new), charges, strict=True)]
    pairs = _bonds(atoms, radii[0])
    before = sum(radii[0][a] + radii[0][b] for a, b in pairs)
    after = sum(radii[1][match.places[a]] + radii[1][match.places[b]] for a, b in pairs)
    return after / before


@cache
def charges_of(composition: Composition) -> Charges | None:
    """Return the charge of each element in a neutral composition, by atomic number; none when it is not neutral.

    Of several assignments the one with the best established charges is taken.
    """
    for level in LEVELS:
        ions = IonTable.default(level)
        roles, _ = RoleTable.of(CompositionSet.of([composition]), ions, len(composition.numbers))
        if not len(roles):
            continue
        anion = int(roles.anions[0])
        wanted = ions.anions[anion] * int(roles.coefficients[0, -1])
        cations, amounts = roles.cations[0].tolist(), roles.coefficients[0, :-1].tolist()
        for chosen in product(*(ions.cations[cation] for cation in cations)):
            if sum(amount * charge for amount, charge in zip(amounts, chosen, strict=True)) == wanted:
                return {**dict(zip(cations, chosen, strict=True)), anion: -ions.anions[anion]}
    return None


@cache
def mendeleev_number(number: int) -> float:
    """Return Pettifor's number of an element, as distributed with pymatgen."""
    from pymatgen.core import Element

    return float(Element(SYMBOLS[number]).mendeleev_no)


@cache
def ionic_radius(number: int, charge: int) -> float:
    """Return Shannon's radius of an ion in Å, that of the nearest charge where its own is not tabulated."""
    from pymatgen.core import Element

    known = Element(SYMBOLS[number]).data
    radii: dict[int, float] = {}
    for table in ("Ionic radii", "Ionic radii hs", "Ionic radii ls"):  # the high spin where both are known
        for given, radius in (known.get(table) or {}).items():
            radii.setdefault(int(given), float(radius))
    nearest = min(radii, key=lambda given: (abs(given - charge), given), default=None)
    return float(covalent_radii[number]) if nearest is None else radii[nearest]


def _nearest_swap(row: int, composition: Composition, known: Composition) -> Match | None:
    """Return the nearest way to put the elements of a composition into the places of a known one, if there is one."""
    charges = charges_of(composition), charges_of(known)
    anions = [next((number for number in charge if charge[number] < 0), None) if charge else None for charge in charges]
    best: Match | None = None
    for number, order in enumerate(permutations(range(len(composition.numbers)))):
        if number >= _LARGEST_SWAPS:
            break
        places = {old: composition.numbers[index] for old, index in zip(known.numbers, order, strict=True)}
        if any(composition.coefficients[i] != known.coefficients[place] for place, i in enumerate(order)):
            continue
        if None not in anions and places[anions[1] or 0] != anions[0]:
            continue
        distance = sum(abs(mendeleev_number(old) - mendeleev_number(new)) for old, new in places.items())
        if best is None or distance < best.distance:
            best = Match(row, places, distance)
    return best


def _swapped(composition: Composition, match: Match) -> Composition:
    pairs = zip(composition.numbers, composition.coefficients, strict=True)
    return Composition.of({match.places[number]: amount for number, amount in pairs})


def _radii(composition: Composition, charges: Charges | None) -> dict[int, float]:
    """Return the radius of each element in Å."""
    if charges is None:
        return {number: float(covalent_radii[number]) for number in composition.numbers}
    return {number: ionic_radius(number, charges[number]) for number in composition.numbers}


def _bonds(atoms: Atoms, radii: Mapping[int, float]) -> list[tuple[int, int]]:
    """Return the atomic numbers at both ends of each bond; between unlike elements, where there are any."""
    from ase.neighborlist import neighbor_list

    longest = 2.0 * max(radii.values())
    cutoff = 1.5 * longest
    first, second, distances = neighbor_list("ijd", atoms, cutoff)
    while len(np.unique(first)) < len(atoms):
        cutoff *= 1.5
        first, second, distances = neighbor_list("ijd", atoms, cutoff)
    numbers = atoms.numbers
    unlike = numbers[first] != numbers[second]
    if unlike.any():
        first, second, distances = first[unlike], second[unlike], distances[unlike]
    sums = np.array([radii[a] + radii[b] for a, b in zip(numbers[first], numbers[second], strict=True)])
    relative = distances / sums
    shortest = np.full(len(atoms), np.inf)
    np.minimum.at(shortest, first, relative)
    bonded = relative <= BOND_RANGE * shortest[first]
    return list(zip(numbers[first[bonded]].tolist(), numbers[second[bonded]].tolist(), strict=True))
