"""A search problem: one crystal, one boundary, one search space, and the structures that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary, BoundaryError
from aiida_gbml.science.interfaces.candidates import CandidateSet, SearchSpace, enumerate_candidates
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.structure_set import NEW, StructureSet

if TYPE_CHECKING:
    from ase import Atoms

_BOUNDARY_KEYS = ("sigma", "angle", "axis", "plane", "charges")


def standard_bulk(atoms: Atoms) -> StructureSet:
    """Return the conventional cell of a crystal as a set of one structure.

    :raises CrystalError: when the crystal is not cubic or not periodic.
    """
    return StructureSet.from_ase([Crystal.from_ase(atoms).to_ase()], status=[NEW])


def read_boundary(settings: Mapping[str, Any]) -> Boundary:
    """Return the boundary of ``axis``, ``plane`` and either ``sigma`` or ``angle`` (degrees).

    :raises BoundaryError: when something is missing, unknown, of the wrong type, or there is no such boundary.
    """
    unknown = sorted(set(settings) - set(_BOUNDARY_KEYS))
    if unknown:
        raise BoundaryError(f"unknown setting '{unknown[0]}' of the boundary, known are {', '.join(_BOUNDARY_KEYS)}")
    missing = [name for name in ("axis", "plane") if name not in settings]
    if missing or ("sigma" in settings) == ("angle" in settings):
        raise BoundaryError("a boundary needs an axis, a plane, and either a sigma or an angle")
    _check_charges(settings.get("charges", {}))
    try:
        if "sigma" in settings:
            return Boundary.from_sigma(index(settings["sigma"]), settings["axis"], settings["plane"])
        return Boundary.from_angle(float(settings["angle"]), settings["axis"], settings["plane"])
    except BoundaryError:
        raise
    except (TypeError, ValueError) as exception:
        raise BoundaryError(f"a setting of the boundary has the wrong type: {exception}") from exception


def _check_charges(charges: Any) -> None:
    """Raise unless charges are finite numbers by element."""
    values = charges.values() if isinstance(charges, Mapping) else [None]
    if not all(isinstance(value, int | float) and isfinite(value) for value in values):
        raise BoundaryError(f"'charges' must give a number (in e) for each element, got {charges!r}")


@dataclass(frozen=True)
class SearchProblem:
    """Everything that follows from the crystal, the boundary and the space.

    :param bicrystal: builds the structures.
    :param space: says which ones.
    """

    bicrystal: Bicrystal
    space: SearchSpace

    @classmethod
    def from_inputs(cls, bulk: StructureSet, boundary: Mapping[str, Any], space: Mapping[str, Any]) -> SearchProblem:
        """Return the problem of plain inputs.

        :param bulk: the crystal as the only row of a set.
        :param boundary: see :func:`read_boundary`; ``charges`` tells polar terminations, by element in e.
        :param space: fields of :class:`SearchSpace`.
        :raises ValueError: for inputs that make no sense, in one sentence.
        """
        settings, meeting = SearchSpace.from_dict(space), read_boundary(boundary)
        crystal = Crystal.from_ase(bulk.to_ase(0), boundary.get("charges"))
        bicrystal = Bicrystal(
            crystal,
            meeting,
            thickness=settings.thickness,
            geometry=settings.geometry,
            vacuum=settings.vacuum,
            repeat=settings.repeat,
        )
        return cls(bicrystal, settings)

    def candidates(self) -> CandidateSet:
        """Return the symmetry-distinct candidates.

        :raises CandidateError: when nothing is left.
        """
        return enumerate_candidates(self.bicrystal, self.space)

    def build(self, candidates: CandidateSet, rows: Sequence[int] | Array) -> StructureSet:
        """Return some candidates as structures, with columns that say which they are and whether they are sane.

        ``closest_contact`` is the shortest distance across a boundary in Å (at most a bond of the bulk), and
        ``density_ratio`` the number density over that of the bulk, without the vacuum of a slab.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        columns = {
            "translation": candidates.translations[chosen],
            "gap": candidates.gaps[chosen],
            "termination": candidates.terminations[chosen],
            "n_removed": candidates.n_removed[chosen],
        }
        structures = [self.bicrystal.build(*(columns[name][i] for name in columns)) for i in range(len(chosen))]
        starts = list(zip(structures, columns["gap"], columns["termination"], strict=True))
        heights = [self.bicrystal.boundary_heights(gap, termination)[0] for _, gap, termination in starts]
        return StructureSet.from_ase(
            structures,
            candidate=chosen,
            boundary_height=np.array(heights, dtype=float),
            translation_fraction=candidates.group.fractional(columns["translation"]),
            closest_contact=np.array([self.bicrystal.contact_of(*start) for start in starts], dtype=float),
            density_ratio=np.array([self._density_ratio(atoms) for atoms in structures], dtype=float),
            **columns,
        )

    def _density_ratio(self, atoms: Atoms) -> float:
        """Return the number density of a candidate over that of the bulk."""
        height = atoms.cell[2, 2] - (self.space.vacuum if self.space.geometry == "slab" else 0.0)
        volume: float = self.bicrystal.area * height
        return len(atoms) * self.bicrystal.crystal.volume_per_atom / volume
