"""What changed in the last step of a convergence test."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.spectrum import SpectrumData


@calcfunction
def judge_convergence(
    *,
    plan: orm.Dict,
    energies: orm.Dict,
    tolerance: orm.Float,
    energy_tolerance: orm.Float,
    history: orm.Dict | None = None,
    **spectra: SpectrumData,
) -> dict[str, orm.Dict] | ExitCode:
    """Return the ``history`` with one step more.

    A step has the ``n_atoms``, ``image_distance`` (Å) and k-point meshes, the ``transition_energy`` (eV), and what has
    changed since the step before: ``spectral_change``, the largest difference of intensities in units of the highest
    one, and ``energy_change`` (eV). ``converged`` says whether both are within the tolerances.

    :param plan: of the last step.
    :param energies: of the last step.
    :param tolerance: of the spectra (dimensionless).
    :param energy_tolerance: of the transition energy in eV.
    :param history: of the steps before.
    :param spectra: ``new_<treatment>`` and, after the first step, ``old_<treatment>``.
    """
    from aiida_gbml.science.spectra.comparison import spectral_change

    numbers = plan.get_dict()
    names = ("n_atoms", "image_distance", "scf_kpoints", "spectrum_kpoints")
    step: dict[str, Any] = {name: numbers[name] for name in names}
    step["transition_energy"] = energies["transition_energy"]
    steps = [] if history is None else history["steps"]
    try:
        if steps:
            pairs = [(spectra[f"old_{name}"], spectra[f"new_{name}"]) for name in numbers["treatments"]]
            changes = [spectral_change(old.energy, old.intensity, new.energy, new.intensity) for old, new in pairs]
            step |= {"spectral_change": max(changes), "energy_change": _change(steps[-1], step)}
    except ValueError as exception:
        return ExitCode(301, str(exception))
    is_converged = bool(steps) and step["spectral_change"] < tolerance.value
    is_converged = is_converged and (step["energy_change"] or 0.0) < energy_tolerance.value
    return {"history": orm.Dict({"steps": [*steps, step], "converged": is_converged})}


def _change(old: dict[str, Any], new: dict[str, Any]) -> float | None:
    """Return the change of the transition energy in eV, where it is known."""
    values = (old["transition_energy"], new["transition_energy"])
    return None if None in values else abs(values[1] - values[0])
