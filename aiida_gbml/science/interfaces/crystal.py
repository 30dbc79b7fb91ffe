"""Cubic crystals with any basis, and their symmetry in exact numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.lattice import Matrix, Vector, basis, rational

if TYPE_CHECKING:
    from ase import Atoms

_FIRST_CUBIC_GROUP = 195
_SYMMETRY_TOLERANCE = 1e-3  # Å
_CHARGE_TOLERANCE = 1e-6  # e
_LARGEST_DENOMINATOR = 24  # translations of cubic space groups are multiples of 1/8 or 1/6

# Space group and Wyckoff positions (International Tables A) of one site a species.
_PROTOTYPES: dict[str, tuple[int, tuple[tuple[float, float, float], ...]]] = {
    "fcc": (225, ((0, 0, 0),)),
    "bcc": (229, ((0, 0, 0),)),
    "diamond": (227, ((0, 0, 0),)),
    "rocksalt": (225, ((0, 0, 0), (0.5, 0.5, 0.5))),
    "zincblende": (216, ((0, 0, 0), (0.25, 0.25, 0.25))),
    "fluorite": (225, ((0, 0, 0), (0.25, 0.25, 0.25))),
    "cscl": (221, ((0, 0, 0), (0.5, 0.5, 0.5))),
    "perovskite": (221, ((0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0.0))),
}


class CrystalError(ValueError):
    """The crystal cannot be used for boundaries."""


@dataclass(frozen=True)
class Operation:
    """A symmetry operation x -> rotation @ x + translation, in fractions of the cubic cell.

    :param rotation: (3, 3) signed permutation.
    :param translation: three fractions, up to a lattice vector.
    """

    rotation: tuple[tuple[int, ...], ...]
    translation: Vector


@dataclass(frozen=True, eq=False)
class Crystal:
    """A cubic crystal in its conventional cell.

    >>> Crystal.prototype("rocksalt", ("Mg", "O"), 4.212).formula
    {'Mg': 1, 'O': 1}

    :param lattice_parameter: edge of the cubic cell in Å.
    :param symbols: element of each of the N atoms in the cubic cell.
    :param positions: (N, 3) fractional.
    :param charges: formal charge of each element in e, by which polar terminations are told; may be empty.
    """

    lattice_parameter: float
    symbols: tuple[str, ...]
    positions: Array
    charges: Mapping[str, float]

    @classmethod
    def from_ase(cls, atoms: Atoms, charges: Mapping[str, float] | None = None) -> Crystal:
        """Return the crystal of any cell of a cubic structure.

        :raises CrystalError: when the structure is not cubic, not periodic, or the charges are not complete or neutral.
        """
        import spglib

        if not (np.all(atoms.pbc) and len(atoms)):
            raise CrystalError("a crystal needs atoms in a cell that is periodic in three directions")
        cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
        dataset = spglib.get_symmetry_dataset(cell, symprec=_SYMMETRY_TOLERANCE)
        if dataset is None:
            raise CrystalError("the symmetry of the crystal cannot be found; are there atoms on top of each other?")
        if dataset.number < _FIRST_CUBIC_GROUP:
            raise CrystalError(
                f"the crystal {atoms.get_chemical_formula()} is not cubic: its space group is "
                f"{dataset.international} (number {dataset.number}); only cubic crystals are supported"
            )
        from ase.data import chemical_symbols

        symbols = tuple(chemical_symbols[number] for number in dataset.std_types)
        unknown = sorted(set(symbols) - set(charges)) if charges else []
        if unknown:
            raise CrystalError(f"no formal charge is given for {', '.join(unknown)}")
        total = sum(charges[symbol] for symbol in symbols) if charges else 0.0
        if abs(total) > _CHARGE_TOLERANCE:
            raise CrystalError(f"the formal charges of {atoms.symbols} add up to {total:+g} e, not to zero")
        parameter = float(abs(np.linalg.det(dataset.std_lattice)) ** (1 / 3))
        return cls(parameter, symbols, dataset.std_positions % 1.0, dict(charges or {}))

    @classmethod
    def prototype(
        cls,
        name: str,
        species: str | Sequence[str],
        lattice_parameter: float,
        charges: Mapping[str, float] | None = None,
    ) -> Crystal:
        """Return a well-known cubic structure, e.g. ``prototype('perovskite', ('Sr', 'Ti', 'O'), 3.905)``.

        :param species: one element a site, in the order of the formula.
        :param lattice_parameter: in Å.
        :raises CrystalError: for an unknown name, a wrong number of species or a senseless lattice parameter.
        """
        from ase.spacegroup import crystal

        if name not in _PROTOTYPES:
            raise CrystalError(f"unknown prototype '{name}', known are {', '.join(_PROTOTYPES)}")
        group, sites = _PROTOTYPES[name]
        elements = [species] if isinstance(species, str) else list(species)
        if len(elements) != len(sites):
            raise CrystalError(f"the prototype '{name}' has {len(sites)} species, got {', '.join(elements)}")
        if not lattice_parameter > 0:
            raise CrystalError(f"the lattice parameter must be positive, got {lattice_parameter} Å")
        edges = [lattice_parameter] * 3 + [90] * 3
        return cls.from_ase(crystal(elements, sites, spacegroup=group, cellpar=edges), charges)

    def to_ase(self) -> Atoms:
        """Return the conventional cell, the natural reference for the bulk energy."""
        from ase import Atoms

        cell = self.lattice_parameter * np.eye(3)
        return Atoms(list(self.symbols), scaled_positions=self.positions, cell=cell, pbc=True)

    def __str__(self) -> str:
        formula = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in self.formula.items())
        return f"{formula}, a = {self.lattice_parameter:.3f} Å"

    @property
    def formula(self) -> dict[str, int]:
        """Atoms of each element in one formula unit."""
        counts = Counter(self.symbols)
        units = gcd(*counts.values())
        return {symbol: count // units for symbol, count in counts.items()}

    @property
    def volume_per_atom(self) -> float:
        """In Å³."""
        return self.lattice_parameter**3 / len(self.symbols)

    @cached_property
    def bond_length(self) -> float:
        """The shortest distance between two atoms in Å."""
        images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3)
        vectors = self.positions[:, None, None] - self.positions[None, :, None] + images
        lengths = np.linalg.norm(vectors, axis=-1).ravel()
        return float(self.lattice_parameter * lengths[lengths > _SYMMETRY_TOLERANCE].min())

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of the space group in the cubic cell, centring translations included."""
        import spglib

        types = [sorted(set(self.symbols)).index(symbol) for symbol in self.symbols]
        found = spglib.get_symmetry((np.eye(3), self.positions, types), _SYMMETRY_TOLERANCE / self.lattice_parameter)
        return tuple(
            Operation(
                tuple(tuple(int(x) for x in row) for row in rotation),
                tuple(Fraction(float(x)).limit_denominator(_LARGEST_DENOMINATOR) for x in translation),
            )
            for rotation, translation in zip(found["rotations"], found["translations"], strict=True)
        )

    @cached_property
    def lattice(self) -> Matrix:
        """Primitive vectors in fractions of the cubic cell."""
        identity = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
        centring = tuple(one.translation for one in self.operations if one.rotation == identity)
        return basis(rational(identity) + centring)

    @cached_property
    def point_operations(self) -> tuple[Operation, ...]:
        """One operation of the space group for each rotation; the others differ from it by lattice vectors."""
        return tuple({one.rotation: one for one in reversed(self.operations)}.values())

    @cached_property
    def motif(self) -> tuple[tuple[str, ...], Array]:
        """Elements and (M, 3) fractional positions of the atoms of one primitive cell."""
        inverse = np.linalg.inv(np.array(self.lattice, dtype=float))
        chosen: list[int] = []
        for index, (symbol, position) in enumerate(zip(self.symbols, self.positions, strict=True)):
            offsets = (position - self.positions[chosen]) @ inverse
            same = np.all(np.abs(offsets - np.round(offsets)) < _SYMMETRY_TOLERANCE, axis=1)
            if symbol not in {self.symbols[chosen[k]] for k in np.flatnonzero(same)}:
                chosen.append(index)
        return tuple(self.symbols[index] for index in chosen), self.positions[chosen]
