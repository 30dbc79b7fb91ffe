"""What descriptors are made of: compounds as weighted atoms, with or without a crystal structure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase.data import chemical_symbols

from aiida_gbml.science.archive import Array
from aiida_gbml.science.structure_set import StructureSet


class DescriptorError(ValueError):
    """A descriptor was asked for that these compounds do not have."""


@dataclass(frozen=True)
class Compounds:
    """``n`` compounds; compound ``i`` owns the entries ``offsets[i]:offsets[i + 1]``.

    An entry is an atom of a structure, of weight one, or an element of a composition, weighted by its coefficient.

    :param offsets: (n + 1,) first entry of each compound.
    :param numbers: (N,) atomic numbers.
    :param weights: (N,) positive weights.
    :param structures: the crystals, when they are known.
    """

    offsets: Array
    numbers: Array
    weights: Array
    structures: StructureSet | None = None

    @classmethod
    def of_structures(cls, structures: StructureSet) -> Compounds:
        """Return the compounds of a set of structures."""
        return cls(structures.offsets, structures.numbers, np.ones(len(structures.numbers)), structures)

    @classmethod
    def of_compositions(cls, numbers: Array, coefficients: Array) -> Compounds:
        """Return compounds without structure.

        :param numbers: (n, m) atomic numbers, padded with 0.
        :param coefficients: (n, m) amounts, padded with 0.
        :raises DescriptorError: when a composition is empty.
        """
        used = (np.asarray(numbers) > 0) & (np.asarray(coefficients) > 0)
        sizes = used.sum(axis=1)
        if np.any(sizes == 0):
            raise DescriptorError(f"the composition in row {int(np.argmin(sizes))} has no element")
        return cls(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.asarray(numbers)[used].astype(np.int64),
            np.asarray(coefficients)[used].astype(float),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def fractions(self) -> Array:
        """(n, 119) atomic fraction of each element, by atomic number."""
        result = np.zeros((len(self), len(chemical_symbols)))
        rows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        np.add.at(result, (rows, self.numbers), self.weights)
        result /= result.sum(axis=1, keepdims=True)
        return result

    @cached_property
    def systems(self) -> Array:
        """(n,) chemical systems as text, such as ``Ba-O-Ti``."""
        symbols = np.array(chemical_symbols)
        return np.array(["-".join(sorted(symbols[row > 0])) for row in self.fractions], dtype=np.str_)

    def require_structures(self, what: str) -> StructureSet:
        """Return the crystals.

        :raises DescriptorError: when there are none.
        """
        if self.structures is None:
            raise DescriptorError(
                f"the descriptor '{what}' needs crystal structures, but only compositions are given; "
                "choose descriptors of compositions, or give structures"
            )
        return self.structures

    def take(self, start: int, stop: int) -> Compounds:
        """Return the compounds of a range of rows."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        structures = None if self.structures is None else self.structures.take(np.arange(start, stop))
        return Compounds(
            self.offsets[start : stop + 1] - first, self.numbers[first:last], self.weights[first:last], structures
        )
