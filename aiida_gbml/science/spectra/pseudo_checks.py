"""What a core-hole dataset must pass before spectra are computed with it.

Checks of the isolated atom alone let datasets through with which no solid converges: a set counts as checked only when
a reference crystal was computed with it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.eos import EquationOfState
from scipy.integrate import trapezoid

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.ld1 import Level
from aiida_gbml.science.engines.upf import Upf

LARGEST_LEVEL_ERROR = 2e-4
"""Ry: all-electron against pseudo eigenvalues, a hundredth of the width of the narrowest edge."""
HIGHEST_LEVEL = -0.01
"""Ry: a level above this one is bound by the radial mesh, not by the atom, and is not compared."""
LARGEST_DERIVATIVE_ERROR = 0.035
"""Radian: arctangents of the logarithmic derivatives."""
DERIVATIVE_WINDOW = (-2.0, 1.0)
"""Ry: where logarithmic derivatives are compared."""
CORE_NORM = 1.0
LARGEST_NORM_ERROR = 2e-4
"""Of a core orbital, integrated by the trapezoidal rule on a mesh that is coarse for it."""
SMALLEST_OVERLAP = 0.05
"""Lowest eigenvalue of the overlap operator. With a negative one ``pw.x`` fails as soon as the cutoff resolves it."""
LARGEST_LATTICE_ERROR = 0.02
"""Fraction of the measured lattice constant."""
LARGEST_RELAXATION = 40.0
"""eV: between the hole in the crystal and in the atom. Screening and the chemical shift make some 10 eV."""


class CheckError(ValueError):
    """Numbers cannot be checked."""


@dataclass(frozen=True)
class Checks:
    """The numbers of the checks, None for what was not done.

    :param level_error: largest difference of eigenvalues in Ry.
    :param derivative_error: largest difference of the logarithmic derivatives in radian.
    :param core_norm: norm of the core orbital of the hole.
    :param overlap: lowest eigenvalue of the overlap operator.
    :param lattice_error: relative deviation from the measured lattice constant.
    :param relaxation: energy of the hole in the crystal minus that in the atom, in eV.
    :param failures: calculations that failed, each with what it was.
    """

    level_error: float | None = None
    derivative_error: float | None = None
    core_norm: float | None = None
    overlap: float | None = None
    lattice_error: float | None = None
    relaxation: float | None = None
    failures: tuple[str, ...] = ()


def verdict(checks: Checks) -> list[str]:
    """Return what is wrong with a dataset, empty when it passed all that was done."""
    deviation = None if checks.core_norm is None else checks.core_norm - CORE_NORM
    limits = (
        (checks.level_error, LARGEST_LEVEL_ERROR, "Ry", "an eigenvalue of the pseudo atom is off by"),
        (checks.derivative_error, LARGEST_DERIVATIVE_ERROR, "rad", "a logarithmic derivative is off by"),
        (deviation, LARGEST_NORM_ERROR, "", "the norm of the core orbital is off by"),
        (checks.lattice_error, LARGEST_LATTICE_ERROR, "", "the lattice constant of the reference crystal is off by"),
        (checks.relaxation, LARGEST_RELAXATION, "eV", "the hole in the crystal differs from that in the atom by"),
    )
    problems = [
        f"{text} {value:.2g} {unit}".rstrip() + f", allowed are {limit:g}"
        for value, limit, unit, text in limits
        if value is not None and not abs(value) <= limit  # written so that NaN fails
    ]
    if checks.overlap is not None and not checks.overlap >= SMALLEST_OVERLAP:
        problems.append(
            f"the overlap operator has the eigenvalue {checks.overlap:.2g}, needed are {SMALLEST_OVERLAP:g} or more: "
            "choose other energies of the second projectors"
        )
    return [*checks.failures, *problems]


def eigenvalue_difference(levels: Sequence[Level]) -> float:
    """Return the largest difference between all-electron and pseudo eigenvalues of bound levels, in Ry.

    :raises CheckError: when there are none.
    """
    bound = [abs(level.ae_ry - level.ps_ry) for level in levels if level.ae_ry <= HIGHEST_LEVEL]
    if not bound:
        raise CheckError("the test of the dataset has no bound levels")
    return max(bound)


def log_derivative_difference(all_electron: tuple[Array, Array], pseudo: tuple[Array, Array]) -> float:
    """Return the largest difference of the arctangents of logarithmic derivatives, in radian.

    The arctangent makes the poles harmless; it is taken modulo pi.

    :param all_electron: (k,) energies in Ry, and (k, n) derivatives for l = 0, 1, ...
    :param pseudo: the same of the pseudo atom, on the same energies.
    :raises CheckError: when the energies differ or none is in the window.
    """
    energies, derivatives = all_electron
    if energies.shape != pseudo[0].shape or not np.allclose(energies, pseudo[0], atol=1e-6):
        raise CheckError("the logarithmic derivatives are on different energies")
    window = (energies >= DERIVATIVE_WINDOW[0]) & (energies <= DERIVATIVE_WINDOW[1])
    columns = min(derivatives.shape[1], pseudo[1].shape[1])
    if not window.any() or columns == 0:
        raise CheckError("there are no logarithmic derivatives in the window of energies")
    angles = np.arctan(derivatives[window, :columns]) - np.arctan(pseudo[1][window, :columns])
    return float(np.max(np.abs((angles + np.pi / 2) % np.pi - np.pi / 2)))


def core_norm(upf: Upf, n: int, l: int) -> float:  # noqa: E741
    """Return the norm of a core orbital.

    :param n: principal quantum number.
    :param l: angular momentum.
    :raises CheckError: when the dataset does not hold it.
    """
    found = next((orbital for orbital in upf.core_orbitals if (orbital.n, orbital.l) == (n, l)), None)
    if found is None:
        raise CheckError(f"the dataset of {upf.element} holds no core orbital n={n} l={l}")
    return float(trapezoid(found.values**2, upf.mesh))


def lattice_constant(constants: Sequence[float], energies: Sequence[float]) -> float:
    """Return the lattice constant of lowest energy, by the equation of state of Birch and Murnaghan.

    :param constants: (k,) lattice constants in Å, k >= 4.
    :param energies: (k,) energies of any cell in eV.
    :raises CheckError: when there is no minimum between the smallest and the largest.
    """
    a = np.asarray(constants, dtype=float)
    e = np.asarray(energies, dtype=float)
    if len(a) < 4 or a.shape != e.shape or not (np.all(np.isfinite(a)) and np.all(np.isfinite(e))):
        raise CheckError("an equation of state needs four or more lattice constants with finite energies")
    try:
        volume, _, stiffness = EquationOfState(a**3, e, eos="birchmurnaghan").fit(warn=False)
    except (RuntimeError, ValueError, TypeError, np.linalg.LinAlgError) as exception:
        raise CheckError(f"no equation of state fits the energies ({exception})") from exception
    found = float(np.cbrt(volume))
    if not (a.min() <= found <= a.max() and stiffness > 0):
        raise CheckError(f"the energy has no minimum between the lattice constants {a.min():.3f} and {a.max():.3f} Å")
    return found


def relaxation(solid: float, atom: float) -> float:
    """Return how much less or more a hole costs in a crystal than in the atom, in eV.

    :param solid: total energy of the crystal with the hole minus that without, in eV.
    :param atom: pseudo energy of the atom with the hole minus that without, in eV.
    """
    return solid - atom
