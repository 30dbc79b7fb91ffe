"""From the atoms and crystals of a set of datasets to a verdict on each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from aiida import orm
from aiida.engine import calcfunction
from aiida_pseudo.data.pseudo import UpfData
from ase.units import Ry

from aiida_gbml.science.engines.ld1 import Level
from aiida_gbml.science.engines.upf import Upf, read_upf
from aiida_gbml.science.spectra.pair import QUANTUM_NUMBERS
from aiida_gbml.science.spectra.pseudo_checks import (
    CheckError,
    Checks,
    core_norm,
    eigenvalue_difference,
    lattice_constant,
    log_derivative_difference,
    relaxation,
    verdict,
)
from aiida_gbml.science.spectra.recipes import Recipe

Results = Mapping[str, Any]
"""Nodes by label."""

Scan = Mapping[float, Any]
"""Output parameters of a run, None when it failed, by the factor on the lattice constant."""


@calcfunction
def judge_core_hole_set(  # noqa: PLR0917  (a calculation function has no keyword-only arguments)
    recipe: orm.Dict,
    shell: orm.Str,
    ground: UpfData,
    sizes: orm.List,
    scales: orm.List,
    parameters: orm.Dict,
    failures: orm.Dict,
    **results: orm.Data,
) -> dict[str, orm.Dict]:
    """Return ``verdict``, ``problems`` and the numbers of the checks for ``ground`` and for each size of the hole.

    A number that was not to be had is None. A hole has failed also when its ground state has.

    :param recipe: fields of a `Recipe`, for its crystal.
    :param shell: '1s', '2s' or '2p'.
    :param ground: dataset of the ground state.
    :param sizes: of the holes that there are: 'half', 'full'.
    :param scales: factors on the lattice constant in the scan (dimensionless).
    :param parameters: namelists of the scan, for the cutoffs.
    :param failures: why runs failed, by their labels.
    :param results: ``dataset_full``, ... with a hole; ``atom_none``, ``derivatives_none``, ``atom_full``, ... of the
        datasets of which ``ld1.x`` knows the atom; ``crystal_0``, ..., ``hole_full``, ...: output parameters of the
        runs of ``pw.x`` that ended well.
    """
    crystal = Recipe.from_mapping(recipe.get_dict()).crystal
    scan = {scale: results.get(f"crystal_{i}") for i, scale in enumerate(scales.get_list())}
    reasons = failures.get_dict()
    upf = read_upf(ground.get_content(mode="rb"))
    constant, checks = _ground_checks(crystal.lattice_constant, scan, results, reasons)
    checks = replace(checks, core_norm=_core_norm(upf, shell.value), overlap=_least(*upf.overlaps))
    system = parameters.get_dict()["SYSTEM"]
    shared = {
        "crystal": f"{crystal.prototype} {crystal.atoms().get_chemical_formula('metal', empirical=True)}",
        "lattice_constant": constant,
        "cutoff_wfc": system["ecutwfc"],
        "cutoff_rho": system["ecutrho"],
    }
    judged = {"ground": checks, **{size: _hole_checks(checks, scan, results, reasons, size) for size in sizes}}
    return {name: orm.Dict({**shared, **_told(one)}) for name, one in judged.items()}


def _ground_checks(
    measured: float, scan: Scan, results: Results, reasons: Mapping[str, str]
) -> tuple[float | None, Checks]:
    """Return the lattice constant in Å, None when there is none, and the checks of the ground state."""
    failures = [f"{label} failed: {reasons[label]}" for label in sorted(reasons) if label.startswith("crystal")]
    constant = _tried(failures, lambda: _lattice_constant(measured, scan))
    checks = Checks(
        level_error=_tried(failures, lambda: _level_error(results, "none")),
        derivative_error=_tried(failures, lambda: _derivative_error(results, "none")),
        lattice_error=None if constant is None else constant / measured - 1,
        failures=tuple(failures),
    )
    return constant, checks


def _hole_checks(ground: Checks, scan: Scan, results: Results, reasons: Mapping[str, str], size: str) -> Checks:
    """Return the checks of a dataset with a hole, which are never better than those of its ground state."""
    label = f"hole_{size}"
    failures = [f"{label} failed: {reasons[label]}"] if label in reasons else []
    levels = _tried(failures, lambda: _level_error(results, size))
    derivatives = _tried(failures, lambda: _derivative_error(results, size))
    return replace(
        ground,
        level_error=_larger(ground.level_error, levels),
        derivative_error=_larger(ground.derivative_error, derivatives),
        overlap=_least(ground.overlap, *read_upf(results[f"dataset_{size}"].get_content(mode="rb")).overlaps),
        relaxation=_tried(failures, lambda: _relaxation(scan, results, size)),
        failures=(*ground.failures, *failures),
    )


def _tried(failures: list[str], compute: Callable[[], float | None]) -> float | None:
    """Return a number, or None and why among the failures."""
    try:
        return compute()
    except CheckError as exception:
        failures.append(str(exception))
        return None


def _lattice_constant(measured: float, scan: Scan) -> float | None:
    """Return the lattice constant in Å; the runs that are missing have failed and say so themselves."""
    if any(run is None for run in scan.values()):
        return None
    return lattice_constant([measured * scale for scale in scan], [run["energy"] for run in scan.values() if run])


def _core_norm(upf: Upf, shell: str) -> float | None:
    """Return the norm of the core orbital of a shell, None for a dataset without it."""
    wanted = QUANTUM_NUMBERS[shell]
    held = [(orbital.n, orbital.l) for orbital in upf.core_orbitals]
    return core_norm(upf, *wanted) if wanted in held else None


def _level_error(results: Results, hole: str) -> float | None:
    """Return the largest difference of eigenvalues in Ry, None for a dataset that ``ld1.x`` has not made here."""
    atom = results.get(f"atom_{hole}")
    return None if atom is None else eigenvalue_difference([Level(**level) for level in atom["levels"]])


def _derivative_error(results: Results, hole: str) -> float | None:
    """Return the largest difference of logarithmic derivatives in radian, None as above."""
    derivatives = results.get(f"derivatives_{hole}")
    if derivatives is None:
        return None
    energies, atom, pseudo = (derivatives.get_array(name) for name in ("energies", "all_electron", "pseudo"))
    return log_derivative_difference((energies, atom), (energies, pseudo))


def _relaxation(scan: Scan, results: Results, size: str) -> float | None:
    """Return what the crystal changes about the energy of the hole in eV, None when one of the energies is missing."""
    hole, crystal = results.get(f"hole_{size}"), scan[min(scan, key=lambda scale: abs(scale - 1))]
    excited, atom = results.get(f"atom_{size}"), results.get("atom_none")
    if hole is None or crystal is None or excited is None or atom is None:
        return None
    cells = hole["number_of_atoms"] / crystal["number_of_atoms"]
    solid = hole["energy"] - cells * crystal["energy"]
    return relaxation(solid, (excited["pseudo_energy_ry"] - atom["pseudo_energy_ry"]) * Ry)


def _larger(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _told(checks: Checks) -> dict[str, Any]:
    """Return the verdict on checks and their numbers; without a crystal nothing is known."""
    problems = verdict(checks)
    word = "failed" if problems else "unchecked" if checks.lattice_error is None else "passed"
    numbers = {name: value for name, value in asdict(checks).items() if name != "failures"}
    return {"verdict": word, "problems": problems, **numbers}
