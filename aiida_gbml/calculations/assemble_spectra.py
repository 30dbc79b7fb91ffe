"""From the results of ``pw.x`` and ``xspectra.x`` to the spectra of one site on one energy axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.spectrum import SpectrumData

if TYPE_CHECKING:
    from aiida_gbml.science.spectra.excited_electron import ExcitedElectron
    from aiida_gbml.science.spectra.transition_energy import Levels

Facts = Mapping[str, Any]

_BROAD = 0.5
"""Width in eV of the excited electron's band above which the transition energy deserves a caveat."""


@calcfunction
def assemble_spectra(
    plan: orm.Dict,
    alignment: orm.Str,
    empirical_offset: orm.Float,
    xspectra_parameters: orm.Dict,
    pair: CoreHolePairData,
    **results: orm.Data,
) -> dict[str, orm.Data] | ExitCode:
    """Return one spectrum a treatment, by its name, and the ``energies`` that place them.

    The energies, all in eV: ``transition_energy``, the ``ground_energy`` and ``excited_energy`` of the cell, the
    ``core_term`` and the ``band_filling`` of which it is made; for each treatment ``homo``, ``lumo``, ``fermi`` and the
    ``level`` that stands at the transition energy; and the ``width`` of the excited electron's band.

    :param plan: of `plan_absorption`.
    :param alignment: 'transition_energy', 'fermi' (the highest occupied level is zero) or 'onset'.
    :param empirical_offset: in eV, kept beside the axis.
    :param xspectra_parameters: namelists of the spectra.
    :param pair: ground state and hole of the absorbing element.
    :param results: for each run ``<run>_scf`` and ``<run>_bands`` of ``pw.x``, and for each treatment
        ``<treatment>_report`` and ``<treatment>_polarisation_<i>`` of ``xspectra.x``.
    """
    facts = {**plan.get_dict(), "alignment": alignment.value, "empirical_offset": empirical_offset.value}
    facts["broadening"] = _width_in_words(xspectra_parameters.get_dict())
    try:
        energies = _energies(results, facts, pair)
        facts["warnings"] = _caveats(facts, energies, pair)
        spectra = {treatment: _spectrum(treatment, results, facts, energies) for treatment in facts["treatments"]}
    except ValueError as exception:
        return ExitCode(301, str(exception))
    return {**spectra, "energies": orm.Dict(energies)}


def _energies(results: Mapping[str, orm.Data], facts: Facts, pair: CoreHolePairData) -> dict[str, Any]:
    """Return levels and total energies of all calculations, and the transition energy when it can be known."""
    from aiida_gbml.science.spectra.transition_energy import transition_energy

    found: dict[str, Any] = {name: _levels(name, run, results, facts) for name, run in facts["starts"].items()}
    found["band_filling"] = 0.0
    if "excited_bands" in results and facts["is_insulator"]:
        electron = _electron(results["excited_bands"])
        found |= {"width": electron.width, "band_filling": electron.filling}
    core_term = pair.base.attributes.get("core_term")
    found |= {"core_term": core_term, "transition_energy": None}
    for state, run in (("ground", "none"), ("excited", "excited")):
        if f"{run}_scf" in results:
            found[f"{state}_energy"] = results[f"{run}_scf"].get_dict()["energy"]
    if {"ground_energy", "excited_energy"} <= found.keys() and core_term is not None:
        bottom = found["excited_energy"] - found["band_filling"]
        found["transition_energy"] = transition_energy(found["ground_energy"], bottom, core_term)
    return found


def _electron(node: Any) -> ExcitedElectron:
    """Return the excited electron of a calculation."""
    from aiida_gbml.science.spectra.excited_electron import excited_electron

    weights = node.get_array("weights") if "weights" in node.get_arraynames() else None
    return excited_electron(*_bands(node), weights)


def _bands(node: Any) -> tuple[Any, Any]:
    """Return energies in eV and occupations of a calculation, (k, n) or (2, k, n) each."""
    bands, occupations = node.get_bands(also_occupations=True)
    return bands, occupations


def _levels(treatment: str, run: str, results: Mapping[str, Any], facts: Facts) -> dict[str, float | None]:
    """Return the levels of the run from which a spectrum starts, and which of them is the first final state."""
    from aiida_gbml.science.spectra.transition_energy import levels

    fermi = results[f"{run}_scf"].get_dict().get("fermi_energy")
    is_metal = not facts["is_insulator"]
    found: Levels = levels(*_bands(results[f"{run}_bands"]), metallic=is_metal, fermi=fermi)
    first: float | None = found.fermi if is_metal else found.lumo
    if treatment == "excited" and not is_metal:
        first = _electron(results[f"{run}_bands"]).bottom
    return {"homo": found.homo, "lumo": found.lumo, "fermi": found.fermi, "level": first}


def _spectrum(treatment: str, results: Mapping[str, Any], facts: Facts, energies: Facts) -> SpectrumData:
    """Return the spectrum of one treatment on its own energies."""
    from aiida_gbml.science.spectra.polarisation import isotropic
    from aiida_gbml.science.spectra.transition_energy import absolute_energies

    report = results[f"{treatment}_report"].get_dict()
    arrays = [results[f"{treatment}_polarisation_{index}"] for index in range(len(facts["weights"]))]
    directions = {f"direction_{index}": array.get_y()[0][1] for index, array in enumerate(arrays)}
    intensity = isotropic(np.array([*directions.values()]), np.array(facts["weights"]))
    relative, zero = arrays[0].get_x()[1], report["energy_zero"]
    level = _reference_level(treatment, relative + zero, intensity, facts, energies)
    place = energies["transition_energy"] if facts["alignment"] == "transition_energy" else 0.0
    names = ("element", "edge", "site", "multiplicity", "formula", "alignment", "empirical_offset", "polarisation")
    details = {
        **{name: facts[name] for name in (*names, "broadening", "image_distance", "n_atoms")},
        "treatment": treatment,
        "energy_zero": level,
        "transition_energy": energies["transition_energy"],
        "warnings": [*facts["warnings"], *report.get("warnings", [])],
    }
    return SpectrumData(absolute_energies(relative, zero, level, place), intensity, directions, details)


def _reference_level(treatment: str, bands: Any, intensity: Any, facts: Facts, energies: Facts) -> float:
    """Return the energy, on the scale of the bands, that the alignment puts in its place."""
    from aiida_gbml.science.spectra.transition_energy import TransitionError, edge_onset

    if facts["alignment"] == "onset":
        return edge_onset(bands, intensity)
    name = "level" if facts["alignment"] == "transition_energy" else "homo" if facts["is_insulator"] else "fermi"
    level: float | None = energies[treatment][name]
    if level is None:
        raise TransitionError(f"the calculation '{treatment}' has no empty band: raise `nbnd`")
    return level


def _caveats(facts: Facts, energies: Facts, pair: CoreHolePairData) -> list[str]:
    """Return what is to be said against the spectra."""
    caveats = []
    if energies.get("width", 0.0) > _BROAD:
        caveats.append(
            f"the excited electrons of neighbouring cells feel each other (a band {energies['width']:.1f} eV wide): "
            "a larger cell will move the transition energy"
        )
    if not facts["is_powder"] and facts["multiplicity"] > 1:
        caveats.append(
            f"{facts['multiplicity']} equivalent sites may differ in these directions, this is the spectrum of one"
        )
    if pair.base.attributes.get("verdict") != "passed":
        caveats.append(f"the datasets of {facts['element']} have the verdict '{pair.base.attributes.get('verdict')}'")
    return caveats


def _width_in_words(parameters: dict[str, Any]) -> str:
    """Return the width that ``xspectra.x`` itself has given to the spectra."""
    from aiida_gbml.science.engines.xspectra_input import complete_parameters

    plot = complete_parameters(parameters)["PLOT"]
    if plot.get("gamma_mode", "constant") == "constant":
        return f"Lorentzian, {2 * plot['xgamma']:g} eV full width"
    low, high = (
        f"{2 * value:g} eV at {energy:g} eV"
        for value, energy in zip(plot["gamma_value"], plot["gamma_energy"], strict=True)
    )
    return f"Lorentzian, full width {low} to {high} above the zero of the bands"
