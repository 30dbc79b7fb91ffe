r"""All charge-neutral compositions of some arity, counted exactly and walked through without being stored.

A candidate has k cations with charges :math:`q_i` and one anion X: :math:`\sum_i a_i q_i = x |q_X|`, with coefficients
up to a limit and without a common divisor. Elements with the same set of charges admit the same ratios, so that
candidates come in blocks: rows (cations, anion) times ratios, every cell a candidate. A composition appears once: all
charges of its elements are taken together, and its anion is unique (see :mod:`aiida_gbml.science.compounds.roles`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.charge_classes import ChargeClass, ChargeClasses, CoefficientGrid
from aiida_gbml.science.compounds.filters import ElementFilter
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import MOST_CHARGE, CoefficientLimits, RoleTable

ARITIES = (2, 3, 4, 5)

MOST_COEFFICIENT = 40
"""Largest coefficient that limits may allow."""

_BLOCK = 1 << 20  # cells of the grid of a block for one anion: fixed, so that blocks are the same whatever the shards


class CandidateSpaceError(ValueError):
    """A space of candidates that is impossible or empty."""


@dataclass(frozen=True)
class CandidateBlock:
    """Candidates that share their ratios: every row with every ratio.

    :param cations: (t, k) atomic numbers, in the order of the columns of the ratios.
    :param anions: (t,) atomic numbers.
    :param ratios: (r, k + 1) coefficients of the cations and, last, of the anion.
    """

    cations: Array
    anions: Array
    ratios: Array

    def __len__(self) -> int:
        return len(self.cations) * len(self.ratios)

    def take(self, start: int, stop: int) -> CandidateBlock:
        """Return some of the rows."""
        return CandidateBlock(self.cations[start:stop], self.anions[start:stop], self.ratios)

    def roles(self) -> RoleTable:
        """Return all (t * r) candidates, the ratios of the first row first, with their cations in ascending order."""
        order = np.argsort(self.cations, axis=1, kind="stable")
        cations = np.repeat(np.take_along_axis(self.cations, order, axis=1), len(self.ratios), axis=0)
        spread = np.repeat(order, len(self.ratios), axis=0)
        tiled = np.tile(self.ratios, (len(self.cations), 1))
        amounts = np.take_along_axis(tiled[:, :-1], spread, axis=1)
        return RoleTable(cations, np.repeat(self.anions, len(self.ratios)), np.column_stack([amounts, tiled[:, -1]]))


@dataclass(frozen=True)
class PlacedBlock:
    """Candidates that share their ratios, see :class:`CandidateBlock`.

    :param cations: (t, k) atomic numbers, in the order of the columns of the ratios.
    :param anions: (t,) atomic numbers.
    :param places: (r,) places of the ratios on the grid of the space.
    """

    cations: Array
    anions: Array
    places: Array

    def __len__(self) -> int:
        return len(self.cations) * len(self.places)


@dataclass(frozen=True)
class CandidateSpace:
    """The candidates of an arity.

    :param ions: elements and charges.
    :param arity: number of elements, 2 to 5.
    :param limits: of the coefficients.
    :param filters: which elements there may and must be.
    :raises CandidateSpaceError: for values out of range, or when no element is left.
    """

    ions: IonTable
    arity: int
    limits: CoefficientLimits = field(default_factory=CoefficientLimits)
    filters: ElementFilter = field(default_factory=ElementFilter)

    def __post_init__(self) -> None:
        if self.arity not in ARITIES:
            raise CandidateSpaceError(f"candidates have 2 to 5 elements, got the arity {self.arity!r}")
        for name in ("cation", "anion"):
            limit = getattr(self.limits, name)
            if type(limit) is not int or not 1 <= limit <= MOST_COEFFICIENT:
                raise CandidateSpaceError(
                    f"the largest coefficient of a {name} must be from 1 to {MOST_COEFFICIENT}, got {limit!r}"
                )
        highest = max(self.ions.anions.values()) * self.limits.anion
        if highest > MOST_CHARGE:
            raise CandidateSpaceError(
                f"{self.limits.anion} anions have a charge of {highest}, at most {MOST_CHARGE} can be counted: "
                "lower the largest coefficient of an anion"
            )

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> CandidateSpace:
        """Return the space of plain values, as :meth:`to_dict` gives them; all but ``arity`` may be absent.

        :raises ValueError: for unknown names or impossible values.
        """
        unknown = sorted(set(content) - {"ions", "arity", "limits", "filters"})
        if unknown or "arity" not in content:
            wrong = f"the unknown '{unknown[0]}'" if unknown else "no 'arity'"
            raise CandidateSpaceError(f"the space of candidates has {wrong}; it has ions, arity, limits and filters")
        ions = IonTable.from_dict(content["ions"]) if "ions" in content else IonTable.default()
        try:
            limits = CoefficientLimits(**content.get("limits", {}))
        except TypeError as exception:
            raise CandidateSpaceError("the limits of coefficients are 'cation' and 'anion'") from exception
        return cls(ions, content["arity"], limits, ElementFilter.from_dict(content.get("filters", {})))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, of which :meth:`from_dict` makes an equal space."""
        limits = {"cation": self.limits.cation, "anion": self.limits.anion}
        return {
            "ions": self.ions.to_dict(),
            "arity": self.arity,
            "limits": limits,
            "filters": self.filters.to_dict(),
        }

    def count(self) -> int:
        """Return the number of candidates, exactly.

        :raises CandidateSpaceError: when there is none.
        """
        return sum(self.count_by_anion().values())

    def count_by_anion(self) -> dict[int, int]:
        """Return the number of candidates with each anion, the most electronegative one first.

        :raises CandidateSpaceError: when there is none at all.
        """
        counts: dict[int, int] = dict.fromkeys(self._ions.anions, 0)
        required = self.filters.required
        for charge_class in self._classes():
            n_rows = {anion: charge_class.n_rows_with(required, anion) for anion in charge_class.anions}
            if any(n_rows.values()):
                for part in charge_class.parts():
                    n_ratios = part.n_ratios
                    for anion in part.anions:
                        counts[anion] += n_ratios * n_rows[anion]
        if not any(counts.values()):
            raise CandidateSpaceError(f"no neutral composition of {self.arity} elements passes the filters: relax them")
        return counts

    def blocks(self, shard: int = 0, n_shards: int = 1) -> Iterator[CandidateBlock]:
        """Yield the candidates of one shard; all shards together hold every candidate once.

        Combinations of cations are dealt out in turn, and blocks are the same whatever the number of shards.

        :raises CandidateSpaceError: for a shard that there is not.
        """
        for block in self.placed_blocks(shard, n_shards):
            yield CandidateBlock(block.cations, block.anions, self.grid.ratios_at(block.places))

    def placed_blocks(self, shard: int = 0, n_shards: int = 1) -> Iterator[PlacedBlock]:
        """Yield the same as :meth:`blocks`, with ratios as places on the grid."""
        if not 0 <= shard < n_shards:
            raise CandidateSpaceError(f"there is no shard {shard} of {n_shards}")
        number = 0
        for charge_class in self._classes():
            if not charge_class.has_rows_with(self.filters.required):
                continue
            starts = range(0, charge_class.n_rows, self._rows_of_block)
            own = starts[(shard - number) % n_shards :: n_shards]
            number += len(starts)
            if own:
                yield from self._blocks(charge_class, own)

    @cached_property
    def grid(self) -> CoefficientGrid:
        """All combinations of coefficients of cations."""
        return CoefficientGrid(self.arity - 1, self.limits)

    def mask(self, roles: RoleTable) -> Array:
        """Return (n,) whether compositions with their roles are candidates; they must be neutral."""
        conditions = [
            np.isin(roles.cations, list(self._ions.cations)).all(axis=1),
            np.isin(roles.anions, list(self._ions.anions)),
            (roles.coefficients[:, :-1] <= self.limits.cation).all(axis=1),
            roles.coefficients[:, -1] <= self.limits.anion,
            self._passes(roles.cations, roles.anions),
        ]
        result: Array = np.logical_and.reduce(conditions)
        return result

    @cached_property
    def _ions(self) -> IonTable:
        """The ions that the filters leave."""
        try:
            return self.ions.only(self.filters.allowed(self.ions.cations), self.filters.allowed(self.ions.anions, True))
        except ValueError as exception:
            raise CandidateSpaceError("the filters leave no cation or no anion: relax them") from exception

    @property
    def _rows_of_block(self) -> int:
        grid: int = self.limits.cation ** (self.arity - 1)
        return max(1, _BLOCK // grid)

    def _classes(self) -> ChargeClasses:
        # The anion of a composition is decided by the whole table, whatever the filters leave of it.
        return ChargeClasses(self._ions, self.ions, self.grid)

    def _blocks(self, charge_class: ChargeClass, starts: Sequence[int]) -> Iterator[PlacedBlock]:
        """Yield the blocks of a class, from some of its combinations of cations on."""
        parts = [(np.array(part.anions, dtype=np.uint8), part.places()) for part in charge_class.parts()]
        for start in starts:
            chosen = charge_class.rows(start, min(start + self._rows_of_block, charge_class.n_rows))
            for own, places in parts:
                cations, anions = np.repeat(chosen, len(own), axis=0), np.tile(own, len(chosen))
                if self.filters.required:
                    passed = self._passes(cations, anions)
                    cations, anions = cations[passed], anions[passed]
                if len(cations):
                    yield PlacedBlock(cations, anions, places)

    def _passes(self, cations: Array, anions: Array) -> Array:
        return self.filters.has_required(np.column_stack([cations, anions]))
