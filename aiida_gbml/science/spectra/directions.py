"""Settings of the directions of polarisation, as a user writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.polarisation import (
    PolarisationError,
    Polarisations,
    eels,
    given,
    kept_by_lattice,
    powder,
)

_FIELDS = {
    "powder": set(),
    "vectors": {"vectors"},
    "eels": {"beam", "energy_loss", "beam_energy", "collection_semiangle"},
}


def read_polarisations(settings: Mapping[str, Any]) -> Polarisations | None:
    """Return the directions of some settings; none for a powder, whose directions are those of its site.

    :param settings: ``mode``: 'powder'; 'vectors' with ``vectors`` ((k, 3), Cartesian); or 'eels' with ``beam``
        (Cartesian), ``energy_loss`` (eV), ``beam_energy`` (keV) and ``collection_semiangle`` (mrad).
    :raises PolarisationError: for a mode or a field that is not known or missing, and impossible values.
    """
    mode = settings.get("mode")
    fields = _FIELDS.get(mode) if isinstance(mode, str) else None
    if fields is None:
        raise PolarisationError(f"the mode of the polarisations is {mode!r}, expected one of {', '.join(_FIELDS)}")
    if settings.keys() - {"mode"} != fields:
        expected = ", ".join(sorted(fields)) or "nothing else"
        raise PolarisationError(f"polarisations of the mode '{mode}' have {expected}, got {sorted(settings)}")
    if mode == "vectors":
        return given(settings["vectors"])
    if mode == "eels":
        numbers = [settings[name] for name in ("energy_loss", "beam_energy", "collection_semiangle")]
        if not all(isinstance(number, int | float) for number in numbers):
            raise PolarisationError(f"energy loss, beam energy and semi-angle must be numbers, got {numbers}")
        return eels(settings["beam"], *numbers)
    return None


def directions_of_site(
    settings: Mapping[str, Any], rotations: Array, cell: Array, mesh: Sequence[int] = (1, 1, 1)
) -> Polarisations:
    """Return the directions in which the spectrum of a site is calculated.

    :param settings: see `read_polarisations`.
    :param rotations: (k, 3, 3) Cartesian rotations that leave the site as it is.
    :param cell: (3, 3) rows in Å of the cell that is calculated, which need not have all of these.
    :param mesh: numbers of k-points of the spectrum along its reciprocal vectors, which need not have them either.
    """
    wanted = read_polarisations(settings)
    if wanted is not None:
        return wanted
    repeated = np.array(mesh)[:, None] * cell  # what rotates this lattice onto itself does so with the k-points
    return powder(kept_by_lattice(kept_by_lattice(rotations, cell), repeated))


def describe_polarisations(settings: Mapping[str, Any]) -> str:
    """Return the settings in words."""
    if settings["mode"] == "vectors":
        directions = ", ".join("(" + " ".join(f"{x:g}" for x in vector) + ")" for vector in settings["vectors"])
        return f"along {directions}"
    if settings["mode"] == "eels":
        beam = " ".join(f"{x:g}" for x in settings["beam"])
        return (
            f"electron energy loss, beam ({beam}) of {settings['beam_energy']:g} keV, collected within "
            f"{settings['collection_semiangle']:g} mrad"
        )
    return "powder"
