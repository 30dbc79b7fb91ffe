"""Directions in which a spectrum is calculated, and their weights in what an experiment sees.

The dipole response of a site is a real symmetric tensor S, and light of the direction n measures n S n. A powder
measures its trace/3, which three orthogonal directions give always and fewer where the site's symmetry ties them.
In electron energy loss the direction of the momentum transfer takes the place of the polarisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.constants import physical_constants

from aiida_gbml.science.archive import Array

_REST_ENERGY = physical_constants["electron mass energy equivalent in MeV"][0] * 1e6  # eV
_SAME = 1e-3  # largest difference between two tensors of unit length that count as one


class PolarisationError(ValueError):
    """There is no such direction or geometry."""


@dataclass(frozen=True, eq=False)
class Polarisations:
    """Directions and what each of them counts.

    :param vectors: (k, 3) Cartesian unit vectors.
    :param weights: (k,) adding up to 1.
    """

    vectors: Array
    weights: Array


def powder(rotations: Array) -> Polarisations:
    """Return the directions whose weighted sum is the average over all orientations of the crystal.

    One at a cubic site; along and across the axis of a uniaxial one; three otherwise.

    :param rotations: (k, 3, 3) Cartesian rotations of the site.
    """
    axes = np.eye(3)
    invariants = _invariants(rotations)
    if len(invariants) == 1:
        return Polarisations(axes[:1], np.ones(1))
    if len(invariants) == 2:
        axis = _single_axis(invariants)
        return Polarisations(np.array([axis, _across(axis)]), np.array([1 / 3, 2 / 3]))
    return Polarisations(axes, np.full(3, 1 / 3))


def kept_by_lattice(rotations: Array, cell: Array) -> Array:
    """Return those rotations of a site that also map the lattice of its supercell onto itself.

    Only they tie the spectra of a finite supercell exactly.

    :param rotations: (k, 3, 3) Cartesian.
    :param cell: (3, 3) rows in Å.
    """
    in_cell = cell @ np.swapaxes(rotations, 1, 2) @ np.linalg.inv(cell)
    kept: Array = rotations[np.all(np.abs(in_cell - np.round(in_cell)) < _SAME, axis=(1, 2))]
    return kept


def given(vectors: Sequence[Sequence[float]] | Array) -> Polarisations:
    """Return directions of the user with equal weights.

    They are those of the one site that is calculated: a site that is equivalent by a rotation R sees R^T n instead.

    :param vectors: (k, 3) Cartesian, of any length.
    :raises PolarisationError: for null vectors and what are not vectors.
    """
    try:
        array = np.array(vectors, dtype=float)
    except (TypeError, ValueError):
        array = np.empty(0)
    lengths = np.linalg.norm(array, axis=-1)
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all() or not np.all(lengths > 0):
        raise PolarisationError(f"polarisations are vectors of three finite numbers, not all zero, got {vectors}")
    return Polarisations(array / lengths[:, None], np.full(len(array), 1 / len(array)))


def eels(beam: Sequence[float], energy_loss: float, beam_energy: float, collection: float) -> Polarisations:
    """Return the directions that the aperture of a microscope collects, for parallel illumination along the beam.

    :param beam: Cartesian direction of the beam in the structure.
    :param energy_loss: of the edge in eV.
    :param beam_energy: in keV.
    :param collection: semi-angle of the aperture, centred on the beam, in mrad.
    :raises PolarisationError: for a beam or an aperture that is none.
    """
    for name, value, unit in (
        ("energy loss", energy_loss, "eV"),
        ("beam energy", beam_energy, "keV"),
        ("collection semi-angle", collection, "mrad"),
    ):
        if not (np.isfinite(value) and value > 0):
            raise PolarisationError(f"the {name} must be positive, got {value} {unit}")
    along = given([beam]).vectors[0]
    gamma = 1 + beam_energy * 1e3 / _REST_ENERGY
    characteristic = energy_loss / (_REST_ENERGY * (gamma - 1 / gamma))  # E / (gamma m v^2)
    share = weight_along_beam(collection * 1e-3 / characteristic, gamma)
    first = _across(along)
    vectors = np.array([along, first, np.cross(along, first)])
    return Polarisations(vectors, np.array([share, (1 - share) / 2, (1 - share) / 2]))


def weight_along_beam(aperture: float, gamma: float) -> float:
    """Return the share of the momentum transfer along the beam in a spectrum collected around it.

    Integral over the aperture of the relativistic dipole cross section (Jouffrey, Schattschneider & Hebert,
    Ultramicroscopy 102, 61 (2004)): the transfer along the beam counts 1/gamma², and the angles are measured in
    theta_E/gamma. It is 1/3, the share in a powder, at the magic angle.

    :param aperture: collection semi-angle over theta_E = E / (gamma m v²).
    :param gamma: Lorentz factor of the electrons.
    """
    x = (aperture * gamma) ** 2
    along = x / (1 + x)
    across = np.log1p(x) - along
    return float(along / gamma**2 / (across + along / gamma**2))


def isotropic(spectra: Array, weights: Array) -> Array:
    """Return the (m,) weighted sum of (k, m) spectra, one a direction."""
    total: Array = np.asarray(weights) @ np.asarray(spectra)
    return total


def _invariants(rotations: Array) -> Array:
    """Return a basis, (d, 3, 3), of the symmetric tensors that all rotations leave as they are; d is 1 to 6."""
    basis = np.array([(np.outer(x, y) + np.outer(y, x)) for i, x in enumerate(np.eye(3)) for y in np.eye(3)[i:]])
    basis /= np.linalg.norm(basis, axis=(1, 2))[:, None, None]
    averaged = np.einsum("kab,nbc,kdc->nad", rotations, basis, rotations) / len(rotations)
    _, sizes, rows = np.linalg.svd(averaged.reshape(6, 9))
    found: Array = rows[: np.sum(sizes > 0.5)].reshape(-1, 3, 3)  # of a projection: 0 or 1
    return found


def _single_axis(invariants: Array) -> Array:
    """Return the unit vector about which both invariant tensors are round."""
    traceless = [tensor - np.trace(tensor) / 3 * np.eye(3) for tensor in invariants]
    values, vectors = np.linalg.eigh(max(traceless, key=lambda tensor: float(np.linalg.norm(tensor))))
    is_last = abs(values[0] - values[1]) < abs(values[2] - values[1])
    axis = vectors[:, 2 if is_last else 0]
    upwards: Array = axis * np.sign(axis[np.argmax(np.abs(axis) > _SAME)])
    return upwards


def _across(axis: Array) -> Array:
    """Return a unit vector at right angles to another one, along a Cartesian axis if there is one."""
    other = np.eye(3)[np.argmin(np.abs(axis))]
    across = other - (other @ axis) * axis
    unit: Array = across / np.linalg.norm(across)
    return unit
