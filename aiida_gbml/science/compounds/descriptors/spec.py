"""Compound descriptors by a plain specification: blocks of columns, of moments over atoms or of the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors import sites as site_kinds
from aiida_gbml.science.compounds.descriptors.cell import CELL_NAMES, cell_features
from aiida_gbml.science.compounds.descriptors.composition import (
    FRACTION_NAMES,
    STOICHIOMETRY_NAMES,
    fractions,
    stoichiometry,
)
from aiida_gbml.science.compounds.descriptors.compounds import Compounds, DescriptorError
from aiida_gbml.science.compounds.descriptors.moments import MOMENTS, moment_names, moments
from aiida_gbml.science.compounds.descriptors.neighbours import Neighbours, find_neighbours
from aiida_gbml.science.compounds.descriptors.sites import Site, site_from_dict, site_to_dict

MOMENTS_OF_SITES, FRACTIONS, STOICHIOMETRY, CELL = "moments", "fractions", "stoichiometry", "cell"
KINDS = (MOMENTS_OF_SITES, FRACTIONS, STOICHIOMETRY, CELL)

_ATOMS_AT_A_TIME = 2000


@dataclass(frozen=True)
class Block:
    """Columns that belong together: a kernel gives them one length scale.

    :param name: in reports.
    :param kind: ``moments`` over the atoms, atomic ``fractions`` of the elements, their
        ``stoichiometry``, or the ``cell``.
    :param sites: features of the atoms, for ``moments``.
    :param moments: which of :data:`~.moments.MOMENTS`; with covariances every pair of columns of all sites gives one.
    """

    name: str
    kind: str = MOMENTS_OF_SITES
    sites: tuple[Site, ...] = ()
    moments: tuple[str, ...] = ("mean", "deviation")

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", tuple(self.sites))
        object.__setattr__(self, "moments", tuple(self.moments))
        if not isinstance(self.name, str):
            raise DescriptorError(f"a block of descriptors must have a text as its name, got {self.name!r}")
        if self.kind not in KINDS:
            raise DescriptorError(f"'{self.kind}' is no kind of descriptors, choose from {', '.join(KINDS)}")
        if self.kind == MOMENTS_OF_SITES and not self.sites:
            raise DescriptorError(f"the block '{self.name}' has no features of atoms to take moments of")
        strange = [name for name in self.moments if name not in MOMENTS]
        if strange or not self.moments:
            raise DescriptorError(f"'{', '.join(strange)}' is no moment, choose from {', '.join(MOMENTS)}")
        if not self.names:  # no property of elements, or the covariances of a single column
            raise DescriptorError(f"the block '{self.name}' has no columns")

    @property
    def cutoff(self) -> float:
        """How far the block sees, in Å."""
        return max((one.cutoff for one in self.sites), default=0.0)

    @property
    def needs_structures(self) -> bool:
        """Whether compositions alone do not do."""
        return self.kind == CELL or self.cutoff > 0

    @property
    def names(self) -> list[str]:
        """Name of each column."""
        if self.kind == FRACTIONS:
            return list(FRACTION_NAMES)
        if self.kind == STOICHIOMETRY:
            return list(STOICHIOMETRY_NAMES)
        if self.kind == CELL:
            return list(CELL_NAMES)
        return moment_names([name for one in self.sites for name in one.names], self.moments)

    def values(self, compounds: Compounds, neighbours: Neighbours) -> Array:
        """Return the (n, d) columns of some compounds, whose neighbours reach as far as the block sees."""
        if self.kind == FRACTIONS:
            return fractions(compounds)
        if self.kind == STOICHIOMETRY:
            return stoichiometry(compounds)
        if self.kind == CELL:
            return cell_features(compounds.require_structures(self.name))
        parts = [
            one.values(compounds.numbers, neighbours.within(one.cutoff) if one.cutoff else neighbours)
            for one in self.sites
        ]
        return moments(np.hstack(parts), compounds.offsets, compounds.weights, self.moments)


@dataclass(frozen=True)
class Descriptors:
    """Descriptors of n compounds.

    :param values: (n, d) numbers.
    :param names: d names.
    :param sizes: number of columns of each block.
    """

    values: Array
    names: list[str]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class DescriptorSpec:
    """Which descriptors: blocks side by side.

    >>> spec = DescriptorSpec.preset("composition")
    >>> DescriptorSpec.from_dict(spec.to_dict()) == spec
    True
    """

    blocks: tuple[Block, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        names = [block.name for block in self.blocks]
        if not names or len(set(names)) != len(names):
            raise DescriptorError(f"descriptors need at least one block, each with a name of its own, got {names}")

    @classmethod
    def preset(cls, name: str) -> DescriptorSpec:
        """Return the descriptors of a name.

        :raises DescriptorError: for a name that is not in :data:`PRESETS`.
        """
        if name not in PRESETS:
            raise DescriptorError(f"'{name}' is no set of descriptors, choose from {', '.join(PRESETS)}")
        return cls(PRESETS[name])

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DescriptorSpec:
        """Return the descriptors of the plain values that :meth:`to_dict` gave.

        :raises DescriptorError: when they do not describe any.
        """
        blocks = values.get("blocks")
        if set(values) != {"blocks"} or not isinstance(blocks, Sequence):
            raise DescriptorError(f"descriptors are an object with a list 'blocks', got {dict(values)!r}")
        try:
            return cls(
                tuple(
                    Block(**{**block, "sites": tuple(site_from_dict(one) for one in block.get("sites", ()))})
                    for block in blocks
                )
            )
        except (AttributeError, TypeError) as exception:
            raise DescriptorError(f"a block of descriptors cannot be read: {exception}") from exception

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "blocks": [
                {
                    "name": block.name,
                    "kind": block.kind,
                    "sites": [site_to_dict(one) for one in block.sites],
                    "moments": list(block.moments),
                }
                for block in self.blocks
            ]
        }

    @property
    def cutoff(self) -> float:
        """How far the descriptors see, in Å."""
        return max(block.cutoff for block in self.blocks)

    @property
    def needs_structures(self) -> bool:
        """Whether compositions alone do not do."""
        return any(block.needs_structures for block in self.blocks)

    @property
    def names(self) -> list[str]:
        """Name of each column, block by block."""
        return [name for block in self.blocks for name in block.names]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of columns of each block."""
        return tuple(len(block.names) for block in self.blocks)

    def describe(self, compounds: Compounds) -> Descriptors:
        """Return the descriptors of some compounds, made for about two thousand atoms at a time.

        :raises DescriptorError: when structures are needed and missing.
        """
        if self.needs_structures:
            compounds.require_structures(next(block.name for block in self.blocks if block.needs_structures))
        values = np.empty((len(compounds), sum(self.sizes)))
        start = 0
        while start < len(compounds):
            room = compounds.offsets[start] + _ATOMS_AT_A_TIME
            stop = max(start + 1, int(np.searchsorted(compounds.offsets, room, side="right")) - 1)
            stop = min(stop, len(compounds))
            values[start:stop] = self._of(compounds.take(start, stop))
            start = stop
        return Descriptors(values, self.names, self.sizes)

    def _of(self, compounds: Compounds) -> Array:
        nothing = np.zeros(0, dtype=np.int64)
        neighbours = Neighbours(nothing, nothing, np.zeros((0, 3)), np.zeros(0), len(compounds.numbers))
        if self.cutoff > 0:
            neighbours = find_neighbours(compounds.require_structures("neighbours"), self.cutoff)
        return np.hstack([block.values(compounds, neighbours) for block in self.blocks])


_ATOM = (site_kinds.Elements(), site_kinds.Valence())
_ELEMENTS = Block("elements", sites=(site_kinds.Elements(),))
_VALENCE = Block("valence", sites=(site_kinds.Valence(),))
_FRACTIONS = Block("fractions", kind=FRACTIONS)
_EXTREMES = Block("extremes", sites=(site_kinds.Elements(),), moments=("minimum", "maximum"))

PRESETS: dict[str, tuple[Block, ...]] = {
    "composition": (_ELEMENTS, _EXTREMES, _VALENCE, _FRACTIONS, Block("stoichiometry", kind=STOICHIOMETRY)),
    "structure": (
        _ELEMENTS,
        _VALENCE,
        _FRACTIONS,
        Block("cell", kind=CELL),
        Block("bonds", sites=(site_kinds.Bonds(),)),
        Block("radial", sites=(site_kinds.Radial(),)),
        # How the kind of an atom goes with its surroundings: the widest block, and the one that tells most.
        Block("cross", sites=(*_ATOM, site_kinds.Bonds()), moments=("covariance",)),
    ),
    "moments": (
        Block("elements", sites=(site_kinds.Elements(),), moments=("mean", "deviation", "covariance")),
        Block("radial", sites=(site_kinds.Radial(),)),
        Block("bond_order", sites=(site_kinds.BondOrder(),)),
        Block("cross", sites=(site_kinds.Elements(), site_kinds.Radial()), moments=("covariance",)),
    ),
}
"""Descriptors by name: of compositions alone, of structures, and those of Seko et al., Phys. Rev. B 95, 144110."""
