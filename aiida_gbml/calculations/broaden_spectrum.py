"""Widths of instrument and lifetimes for a spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.spectrum import SpectrumData


@calcfunction
def broaden_spectrum(spectrum: SpectrumData, broadening: orm.Dict) -> dict[str, SpectrumData] | ExitCode:
    """Return the ``broadened`` spectrum on the same energies; its own width stays, so that Lorentzian ones add.

    :param spectrum: as it was computed.
    :param broadening: full widths in eV: ``gaussian``, ``lorentzian``, ``instrument``, and ``arctangent`` with
        ``maximum``, ``center`` and, if it is not the transition energy (or zero), ``onset``.
    """
    from aiida_gbml.science.spectra.broadening import broaden

    settings = with_onset(broadening.get_dict(), spectrum)
    arrays = {"intensity": spectrum.intensity, **spectrum.directions}
    try:
        broad = broaden(spectrum.energy, np.array([*arrays.values()]), settings)
    except ValueError as exception:
        return ExitCode(201, str(exception))
    intensity, *directions = broad
    words = ", ".join(f"{name} {_in_words(value)}" for name, value in sorted(settings.items()))
    details = {**spectrum.details, "broadening": f"{spectrum.details['broadening']}; {words}"}
    named = dict(zip(spectrum.directions, directions, strict=True))
    return {"broadened": SpectrumData(spectrum.energy, intensity, named, details)}


def with_onset(settings: Mapping[str, Any], spectrum: SpectrumData) -> dict[str, Any]:
    """Return settings in which the lifetime of the electron shortens from where the spectrum begins."""
    law = settings.get("arctangent")
    if not isinstance(law, Mapping):
        return dict(settings)
    is_absolute = spectrum.details["alignment"] == "transition_energy"
    onset = spectrum.details["transition_energy"] if is_absolute else 0.0
    return {**settings, "arctangent": {"onset": onset, **law}}


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{name} {number:g} eV" for name, number in sorted(value.items())) + ")"
    return f"{value:g} eV"
