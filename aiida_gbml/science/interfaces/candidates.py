"""The candidates of a boundary search: what is varied, and the list of symmetry-distinct starting structures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from operator import index
from typing import Any

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.interfaces.bicrystal import Bicrystal, Geometry
from aiida_gbml.science.interfaces.translations import TranslationError, TranslationGroup

_COLUMNS = ("translations", "gaps", "terminations", "n_removed", "multiplicities")
_GROUP = ("lattice", "rotations", "shifts")
_LEAST_SPACING = 0.02  # Å; finer grids have more points than anybody evaluates


class CandidateError(ValueError):
    """A search space or a candidate set that makes no sense."""


@dataclass(frozen=True)
class SearchSpace:
    """What a search varies, as plain JSON values.

    :param translation_spacing: largest step in Å between neighbouring translations, at least 0.02.
    :param gaps: extra expansions in Å along the normal, one start each.
    :param terminations: indices into ``Bicrystal.terminations``; empty for all stoichiometric ones.
    :param max_removed: up to so many atoms (compounds: formula units) are removed a boundary.
    :param min_distance_ratio: starts whose closest pair across the boundary is below this fraction of the bulk bond
        are left out.
    :param geometry: 'periodic' (two boundaries) or 'slab' (one boundary and vacuum).
    :param thickness: least thickness of a grain in Å.
    :param repeat: in-plane repetitions of the smallest cell.
    :param vacuum: vacuum in Å of a slab.
    :raises CandidateError: for values out of range.
    """

    translation_spacing: float = 0.3
    gaps: tuple[float, ...] = (0.2, 0.6, 1.0)
    terminations: tuple[int, ...] = ()
    max_removed: int = 0
    min_distance_ratio: float = 0.6
    geometry: Geometry = "periodic"
    thickness: float = 10.0
    repeat: tuple[int, int] = (1, 1)
    vacuum: float = 15.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "gaps", tuple(float(gap) for gap in self.gaps))
        object.__setattr__(self, "terminations", tuple(int(one) for one in self.terminations))
        object.__setattr__(self, "repeat", tuple(int(times) for times in self.repeat))
        object.__setattr__(self, "max_removed", index(self.max_removed))
        object.__setattr__(self, "thickness", float(self.thickness))
        object.__setattr__(self, "vacuum", float(self.vacuum))
        checks = {
            "translation_spacing": self.translation_spacing >= _LEAST_SPACING,
            "gaps": len(self.gaps) > 0 and all(np.isfinite(gap) and gap >= 0 for gap in self.gaps),
            "max_removed": self.max_removed >= 0,
            "min_distance_ratio": 0 <= self.min_distance_ratio < 1,
        }
        for name, fine in checks.items():
            if not fine:
                raise CandidateError(f"'{name}' of the search space is out of range: {getattr(self, name)}")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> SearchSpace:
        """Return the space of some settings; what is not given takes its default.

        :raises CandidateError: for a name that is not known or a value of the wrong type.
        """
        known = [field.name for field in fields(cls)]
        for name in settings:
            if name not in known:
                raise CandidateError(f"unknown setting '{name}' of the search space, known are {', '.join(known)}")
        try:
            return cls(**settings)
        except CandidateError:
            raise
        except (TypeError, ValueError) as exception:
            raise CandidateError(f"a setting of the search space has the wrong type: {exception}") from exception

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class CandidateSet:
    """``n`` symmetry-distinct starting structures of a boundary, in a fixed order.

    :param translations: (n, 2) displacements of the upper grain in Å.
    :param gaps: (n,) extra expansions along the normal in Å.
    :param terminations: (n,) indices of terminations.
    :param n_removed: (n,) atoms (compounds: formula units) removed a boundary.
    :param multiplicities: (n,) how many points of the grid of one cell of non-identical displacements a row stands for.
    :param group: the symmetry by which the translations were reduced.
    :param n_before: number of candidates on the same grid over the whole periodic cell, before symmetry was used.
    :raises CandidateError: when the arrays disagree in length.
    """

    translations: Array
    gaps: Array
    terminations: Array
    n_removed: Array
    multiplicities: Array
    group: TranslationGroup
    n_before: int

    def __post_init__(self) -> None:
        for name in _COLUMNS:
            shape = (len(self), 2) if name == "translations" else (len(self),)
            if getattr(self, name).shape != shape:
                raise CandidateError(f"'{name}' has the shape {getattr(self, name).shape}, expected {shape}")
        for name in _COLUMNS:
            column = getattr(self, name)
            if column.dtype.kind not in ("f" if name in ("translations", "gaps") else "iu"):
                raise CandidateError(f"'{name}' holds values of the wrong type, {column.dtype}")
            if not np.all(np.isfinite(column)):
                raise CandidateError(f"'{name}' holds values that are not finite")

    @classmethod
    def from_bytes(cls, content: bytes) -> CandidateSet:
        """Return the set written by :meth:`to_bytes`.

        :raises CandidateError: when the bytes are damaged.
        """
        try:
            arrays = read_arrays(content)
            group = TranslationGroup(*(arrays[f"group.{name}"] for name in _GROUP))
            return cls(**{name: arrays[name] for name in _COLUMNS}, group=group, n_before=int(arrays["n_before"][0]))
        except KeyError as exception:
            raise CandidateError(f"the archive of candidates lacks the array {exception}") from exception
        except (ArchiveError, TranslationError, TypeError, IndexError) as exception:
            raise CandidateError(f"no readable archive of candidates: {exception}") from exception

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        arrays = {name: getattr(self, name) for name in _COLUMNS}
        arrays |= {f"group.{name}": getattr(self.group, name) for name in _GROUP}
        return write_arrays({**arrays, "n_before": np.array([self.n_before])})

    def __len__(self) -> int:
        return len(self.gaps)


def enumerate_candidates(bicrystal: Bicrystal, space: SearchSpace) -> CandidateSet:
    """Return the symmetry-distinct candidates of a bicrystal, without those that start with overlapping atoms.

    :raises CandidateError: when a termination does not exist, or every candidate has overlapping atoms.
    """
    terminations = _chosen_terminations(bicrystal, space)
    group = bicrystal.group_of(terminations)
    points, sizes = group.representatives(space.translation_spacing)
    axes = (terminations, range(space.max_removed + 1), space.gaps, range(len(points)))
    rows = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    termination, removed, point = (rows[:, column].astype(np.int64) for column in (0, 1, 3))
    gaps = rows[:, 2]
    least = space.min_distance_ratio * bicrystal.crystal.bond_length
    kept = np.zeros(len(rows), dtype=bool)
    for one in terminations:
        own = termination == one
        kept[own] = bicrystal.contacts(points[point[own]], gaps[own], one) >= least
    for row in np.flatnonzero(~kept & (removed > 0)):
        atoms = bicrystal.build(points[point[row]], gaps[row], termination[row], removed[row])
        kept[row] = bicrystal.contact_of(atoms, gaps[row], termination[row]) >= least
    if not kept.any():
        raise CandidateError(
            f"in every candidate two atoms are closer than {space.min_distance_ratio} bonds; give larger gaps"
        )
    cells = round(bicrystal.area / group.area)
    return CandidateSet(
        translations=points[point[kept]],
        gaps=gaps[kept],
        terminations=termination[kept],
        n_removed=removed[kept],
        multiplicities=sizes[point[kept]],
        group=group,
        n_before=int(cells * sizes.sum() * len(rows) // len(points)),
    )


def _chosen_terminations(bicrystal: Bicrystal, space: SearchSpace) -> list[int]:
    """Return the indices of the terminations to search; without a choice those whose energy is a single number."""
    available = len(bicrystal.terminations)
    for chosen in space.terminations:
        if not 0 <= chosen < available:
            raise CandidateError(f"there is no termination {chosen}; this boundary has {available}, numbered from 0")
    stoichiometric = [number for number, one in enumerate(bicrystal.terminations) if one.stoichiometric]
    return sorted(set(space.terminations)) or stoichiometric or list(range(available))
