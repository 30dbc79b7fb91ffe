"""An ordered set of periodic structures in flat arrays, with named columns a structure and an atom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

NEW, OK, FAILED = "new", "ok", "failed"
STATUSES = (NEW, OK, FAILED)

_GEOMETRY = ("cells", "pbc", "offsets", "numbers", "positions")
_HEAVIEST_ELEMENT = 118


class StructureSetError(ValueError):
    """The arrays do not describe a set of structures."""


@dataclass(frozen=True)
class StructureSet:
    """``n`` structures with ``N`` atoms in all; structure ``i`` owns the atoms ``offsets[i]:offsets[i + 1]``.

    Well-known columns a structure: ``energy`` (eV, total; NaN unless evaluated), ``stress`` ((n, 3, 3) eV/Å³, ASE's
    sign: positive in tension), ``status`` (one of :data:`STATUSES`), ``reason`` (why a row failed), ``machine_fault``
    (True where a row failed through no fault of the structure), ``structure_uuid``, ``calculation_uuid``. Well-known
    columns an atom: ``forces`` ((N, 3) eV/Å), ``energies`` ((N,) eV) and ``fixed`` ((N, 3), True where a coordinate
    must not move). Any other name is passed through.

    :param cells: (n, 3, 3) rows are the cell vectors in Å.
    :param pbc: (n, 3) periodicity along each cell vector.
    :param offsets: (n + 1,) first atom of each structure.
    :param numbers: (N,) atomic numbers.
    :param positions: (N, 3) Cartesian, in Å.
    :param columns: one array of length n for each name.
    :param atom_columns: one array of length N for each name.
    :raises StructureSetError: when shapes disagree, a geometry is not finite, or an evaluated row has no energy.
    """

    cells: Array
    pbc: Array
    offsets: Array
    numbers: Array
    positions: Array
    columns: Mapping[str, Array] = field(default_factory=dict)
    atom_columns: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_geometry(self)
        _check_columns(self)

    @classmethod
    def from_ase(cls, structures: Iterable[Atoms], **columns: Sequence[Any] | Array) -> StructureSet:
        """Return the set of some ASE structures; their own arrays and calculators are not read.

        :param structures: the n structures.
        :param columns: values a structure, of length n each.
        """
        atoms = list(structures)
        sizes = [len(one) for one in atoms]
        return cls(
            cells=np.array([one.cell.array for one in atoms], dtype=float).reshape(-1, 3, 3),
            pbc=np.array([one.pbc for one in atoms], dtype=bool).reshape(-1, 3),
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            numbers=np.concatenate([one.numbers for one in atoms] or [np.zeros(0)]).astype(np.int64),
            positions=np.concatenate([one.positions for one in atoms] or [np.zeros((0, 3))]).astype(float),
            columns={name: np.asarray(values) for name, values in columns.items()},
        )

    @classmethod
    def from_pymatgen(cls, structures: Iterable[Structure], **columns: Sequence[Any] | Array) -> StructureSet:
        """Return the set of some ordered pymatgen structures or molecules; their site properties are not read.

        :param structures: the n structures.
        :param columns: values a structure, of length n each.
        :raises ValueError: for a structure with partial occupancies.
        """
        from pymatgen.io.ase import AseAtomsAdaptor

        return cls.from_ase([AseAtomsAdaptor.get_atoms(one) for one in structures], **columns)

    @classmethod
    def from_bytes(cls, content: bytes) -> StructureSet:
        """Return the set written by :meth:`to_bytes`.

        :raises StructureSetError: when the bytes are damaged.
        """
        try:
            arrays = read_arrays(content)
        except ArchiveError as exception:
            raise StructureSetError(str(exception)) from exception
        missing = [name for name in _GEOMETRY if name not in arrays]
        if missing:
            raise StructureSetError(f"the archive lacks the arrays {', '.join(missing)}")
        columns: dict[str, dict[str, Array]] = {"column": {}, "atom_column": {}}
        for name, array in arrays.items():
            kind, _, label = name.partition(".")
            if kind in columns:
                columns[kind][label] = array
        return cls(
            **{name: arrays[name] for name in _GEOMETRY},
            columns=columns["column"],
            atom_columns=columns["atom_column"],
        )

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        arrays = {name: getattr(self, name) for name in _GEOMETRY}
        arrays |= {f"column.{name}": array for name, array in self.columns.items()}
        arrays |= {f"atom_column.{name}": array for name, array in self.atom_columns.items()}
        return write_arrays(arrays)

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Atoms]:
        return (self.to_ase(index) for index in range(len(self)))

    @property
    def sizes(self) -> Array:
        """(n,) number of atoms of each structure."""
        return np.diff(self.offsets)

    def atoms_of(self, index: int) -> slice:
        """Return the slice of the flat arrays that belongs to one structure."""
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def to_ase(self, index: int) -> Atoms:
        """Return one structure as ASE atoms, without its columns."""
        from ase import Atoms

        own = self.atoms_of(index)
        return Atoms(
            numbers=self.numbers[own], positions=self.positions[own], cell=self.cells[index], pbc=self.pbc[index]
        )

    def to_pymatgen(self, index: int) -> Structure:
        """Return one structure as a pymatgen structure with its periodicity, without its columns."""
        from pymatgen.io.ase import AseAtomsAdaptor

        return AseAtomsAdaptor.get_structure(self.to_ase(index))

    def rows(self, status: str) -> Array:
        """Return the (m,) rows that have a status; a set without the column ``status`` is all new."""
        return np.flatnonzero(self.columns.get("status", np.full(len(self), NEW)) == status)

    @property
    def machine_faults(self) -> Array:
        """(n,) whether nothing is known of a row because the machine failed, or no engine has come to it."""
        status = self.columns.get("status", np.full(len(self), NEW))
        told = self.columns.get("machine_fault", np.zeros(len(self), dtype=bool))
        faults: Array = (status == NEW) | ((status == FAILED) & told)
        return faults

    def take(self, rows: Sequence[int] | Array) -> StructureSet:
        """Return the structures of some rows, in their order, with all columns."""
        chosen = np.asarray(rows, dtype=np.int64)
        atoms = np.concatenate(
            [np.arange(self.offsets[i], self.offsets[i + 1]) for i in chosen] or [np.zeros(0)]
        ).astype(int)
        return StructureSet(
            cells=self.cells[chosen],
            pbc=self.pbc[chosen],
            offsets=np.concatenate([[0], np.cumsum(self.sizes[chosen])]).astype(np.int64),
            numbers=self.numbers[atoms],
            positions=self.positions[atoms],
            columns={name: array[chosen] for name, array in self.columns.items()},
            atom_columns={name: array[atoms] for name, array in self.atom_columns.items()},
        )

    def with_columns(self, **columns: Sequence[Any] | Array) -> StructureSet:
        """Return the same structures with columns added or replaced, of length n each."""
        return replace(self, columns={**self.columns, **{k: np.asarray(v) for k, v in columns.items()}})

    def with_atom_columns(self, **columns: Sequence[Any] | Array) -> StructureSet:
        """Return the same structures with atom columns added or replaced, of length N each."""
        return replace(self, atom_columns={**self.atom_columns, **{k: np.asarray(v) for k, v in columns.items()}})


def concatenate(sets: Sequence[StructureSet]) -> StructureSet:
    """Return one set with the rows of all, in order; only the columns that all of them have are kept.

    :raises StructureSetError: when there is no set at all.
    """
    if not sets:
        raise StructureSetError("no structure sets to join")
    shared = [name for name in sets[0].columns if all(name in one.columns for one in sets)]
    shared_atom = [name for name in sets[0].atom_columns if all(name in one.atom_columns for one in sets)]
    sizes = np.concatenate([one.sizes for one in sets])
    return StructureSet(
        cells=np.concatenate([one.cells for one in sets]),
        pbc=np.concatenate([one.pbc for one in sets]),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        numbers=np.concatenate([one.numbers for one in sets]),
        positions=np.concatenate([one.positions for one in sets]),
        columns={name: np.concatenate([one.columns[name] for one in sets]) for name in shared},
        atom_columns={name: np.concatenate([one.atom_columns[name] for one in sets]) for name in shared_atom},
    )


def put_rows(whole: StructureSet, rows: Sequence[int] | Array, part: StructureSet) -> StructureSet:
    """Return a set in which some rows, their geometry and their columns, are replaced by those of another set.

    :param whole: the n structures; its columns are kept, all of which ``part`` must have.
    :param rows: (m,) which of them.
    :param part: the m structures that take their places, with as many atoms each.
    :raises StructureSetError: when a column is missing or the numbers of atoms differ.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    if not np.array_equal(whole.sizes[chosen], part.sizes):
        raise StructureSetError("the rows put in have other numbers of atoms than those they replace")
    atoms = np.concatenate([np.arange(whole.offsets[i], whole.offsets[i + 1]) for i in chosen] or [np.zeros(0, int)])

    def replaced(old: Array, index: Array, new: Array) -> Array:
        array = old.astype(np.result_type(old, new))
        array[index] = new
        return array

    try:
        columns = {name: replaced(array, chosen, part.columns[name]) for name, array in whole.columns.items()}
        atom_columns = {
            name: replaced(array, atoms, part.atom_columns[name]) for name, array in whole.atom_columns.items()
        }
    except KeyError as exception:
        raise StructureSetError(f"the rows put in lack the column {exception}") from exception
    return StructureSet(
        cells=replaced(whole.cells, chosen, part.cells),
        pbc=replaced(whole.pbc, chosen, part.pbc),
        offsets=whole.offsets,
        numbers=replaced(whole.numbers, atoms, part.numbers),
        positions=replaced(whole.positions, atoms, part.positions),
        columns=columns,
        atom_columns=atom_columns,
    )


def _check_geometry(structures: StructureSet) -> None:
    """Raise unless the five geometry arrays fit each other and are finite."""
    count, atoms = len(structures.cells), len(structures.numbers)
    expected = {"cells": (count, 3, 3), "pbc": (count, 3), "offsets": (count + 1,), "positions": (atoms, 3)}
    for name, shape in expected.items():
        if getattr(structures, name).shape != shape:
            raise StructureSetError(f"'{name}' has the shape {getattr(structures, name).shape}, expected {shape}")
    offsets = structures.offsets
    if offsets[0] != 0 or offsets[-1] != atoms or np.any(np.diff(offsets) < 1):
        raise StructureSetError("'offsets' must rise from 0 to the number of atoms, with at least one atom a structure")
    if atoms and not (structures.numbers.min() >= 1 and structures.numbers.max() <= _HEAVIEST_ELEMENT):
        raise StructureSetError("'numbers' holds what is no atomic number")
    if not (np.all(np.isfinite(structures.cells)) and np.all(np.isfinite(structures.positions))):
        raise StructureSetError("cells and positions must be finite")


def _check_columns(structures: StructureSet) -> None:
    """Raise unless every column has the right length and every evaluated row a finite energy."""
    for columns, length in ((structures.columns, len(structures)), (structures.atom_columns, len(structures.numbers))):
        for name, array in columns.items():
            if array.ndim < 1 or len(array) != length:
                raise StructureSetError(f"column '{name}' has the shape {array.shape}, expected {length} rows")
    status = structures.columns.get("status")
    if status is None:
        return
    unknown = set(status.tolist()) - set(STATUSES)
    if unknown:
        raise StructureSetError(f"unknown status '{sorted(unknown)[0]}', expected one of {', '.join(STATUSES)}")
    energy = structures.columns.get("energy")
    if np.any(status == OK) and (energy is None or not np.all(np.isfinite(energy[status == OK]))):
        raise StructureSetError("a row has the status 'ok' but no finite energy")
