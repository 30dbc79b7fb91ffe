"""The orientation LAMMPS wants: cell vector a along x, b in the xy plane, all of it right-handed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.geometry import complete_cell

from aiida_gbml.science.archive import Array

# Empty space, in Å, between the atoms and a box face that is not periodic: beyond it LAMMPS loses an atom.
_MARGIN = 10.0
_TINY = 1e-10


class LammpsFrameError(ValueError):
    """A cell that LAMMPS cannot represent."""


@dataclass(frozen=True)
class LammpsFrame:
    """The rotation of one structure into LAMMPS' orientation, and the box it is put into.

    A row vector v of the structure reads ``v @ rotation`` in LAMMPS. Cell vectors that are not periodic have no
    meaning to LAMMPS: the box reaches 10 Å beyond the atoms there, at right angles to the periodic vectors.

    :param cell: (3, 3) cell of the structure, rows in Å.
    :param pbc: (3,) periodicity.
    :param rotation: (3, 3) proper rotation.
    :param box: (3, 3) lower triangular, rows are the box vectors in LAMMPS' orientation, in Å.
    :param origin: (3,) lower corner of the box in LAMMPS' orientation, in Å.
    :param handedness: (3,) ``-1`` for the vector that was reversed to make the box right-handed, else 1.
    """

    cell: Array
    pbc: Array
    rotation: Array
    box: Array
    origin: Array
    handedness: Array

    @classmethod
    def of(cls, cell: Array, pbc: Array, positions: Array) -> LammpsFrame:
        """Return the frame of a structure.

        :param cell: (3, 3) rows are the cell vectors in Å.
        :param pbc: (3,) periodicity.
        :param positions: (N, 3) in Å.
        :raises LammpsFrameError: when the periodic vectors span no volume.
        """
        vectors = complete_cell(np.where(pbc[:, None], cell, 0.0))
        volume = np.linalg.det(vectors)
        if abs(volume) < _TINY or not cell[pbc].any(axis=1).all():
            raise LammpsFrameError(f"the periodic cell vectors {cell[pbc].tolist()} Å span no volume")
        handedness = np.ones(3)
        if volume < 0:
            handedness[2 if pbc.all() else np.flatnonzero(~pbc)[-1]] = -1.0
        rotation, box = _triangular(vectors * handedness[:, None])
        rotated = positions @ rotation
        low, high = rotated.min(axis=0) - _MARGIN, rotated.max(axis=0) + _MARGIN
        box = np.where(pbc[:, None], box, np.diag(high - low))
        return cls(cell, pbc, rotation, box, np.where(pbc, 0.0, low), handedness)

    @property
    def is_aligned(self) -> bool:
        """Whether the structure already has LAMMPS' orientation."""
        return bool(np.all(self.rotation == np.eye(3)))

    def structure_cell(self, box: Array) -> Array:
        """Return the (3, 3) cell of the structure, rows in Å, for a (relaxed) box; vectors that are not periodic stay.

        :param box: (3, 3) rows are the box vectors in LAMMPS' orientation, in Å.
        """
        return np.where(self.pbc[:, None], (box @ self.rotation.T) * self.handedness[:, None], self.cell)

    def structure_vectors(self, vectors: Array) -> Array:
        """Return (N, 3) vectors of LAMMPS' orientation in that of the structure."""
        return vectors if self.is_aligned else vectors @ self.rotation.T

    def structure_stress(self, pressure: Array, box: Array) -> Array:
        """Return the (3, 3) stress of the structure, positive in tension, NaN for a structure without a cell.

        :param pressure: (3, 3) pressure tensor of the box, in the unit of the result.
        :param box: (3, 3) rows are the box vectors in LAMMPS' orientation, in Å.
        """
        volume = abs(np.linalg.det(self.structure_cell(box)))
        scale = abs(np.linalg.det(box)) / volume if volume > _TINY else np.nan
        stress: Array = -scale * (self.rotation @ pressure @ self.rotation.T)
        return stress


def _triangular(vectors: Array) -> tuple[Array, Array]:
    """Return the rotation Q and the lower triangular box L, positive on its diagonal, with ``vectors @ Q = L``."""
    upper, lower = vectors[np.triu_indices(3, 1)], np.tril(vectors)
    if np.all(np.abs(upper) < _TINY) and np.all(np.diag(vectors) > 0):
        return np.eye(3), np.where(np.abs(lower) < _TINY, 0.0, lower)
    orthogonal, triangular = np.linalg.qr(vectors.T)
    signs = np.sign(np.diag(triangular))
    box = (triangular * signs[:, None]).T
    return orthogonal * signs, np.where(np.abs(box) < _TINY, 0.0, box)
