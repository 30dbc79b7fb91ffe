"""What each treatment of the core hole asks of ``pw.x``.

The absorbing atom gets a dataset with a hole, and the valence electrons that the hole attracts come out right by the
charge of the cell: none, half and full leave the valence electrons of the ground state alone, excited (XCH) adds one.

Total energies of molecules converge faster with the Coulomb cut-off of Martyna & Tuckerman, J. Chem. Phys. 110, 2810
(1999). ``xspectra.x`` (6.7) makes its potential anew from the density and does not know the cut-off: the levels of its
potential lie eV away from those of ``pw.x``. So what it starts from is computed without, in a run of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from math import ceil
from typing import Any

Namelists = Mapping[str, Mapping[str, Any]]

HOLE_OF = {"none": None, "half": "half", "full": "full", "excited": "full"}
"""The hole in the dataset of the absorbing atom, for each treatment."""

ENERGY_RUNS = ("none", "excited")
"""Treatments whose total energies give the transition energy."""

PERIODIC = "_periodic"
"""How a run is called that repeats a treatment of a molecule without the Coulomb cut-off."""

_CHARGES = {"none": 0.0, "half": 0.5, "full": 1.0, "excited": 0.0}
_EMPTY_BANDS = 4
_SMEARING = {"occupations": "smearing", "smearing": "cold", "degauss": 0.02}


class TreatmentError(ValueError):
    """The cell cannot be computed under these settings."""


@dataclass(frozen=True)
class AbsorptionCell:
    """What the parameters of a self-consistent calculation depend on.

    :param absorber: kind of the absorbing atom.
    :param electrons: valence electrons of the neutral cell with ground-state datasets.
    :param is_insulator: whether the occupations are fixed.
    :param is_isolated: whether the cell holds a molecule.
    :param origins: name of the user's kind for each kind of the cell, whose values by kind it inherits.
    """

    absorber: str
    electrons: float
    is_insulator: bool
    is_isolated: bool
    origins: Mapping[str, str]


def spectrum_run(treatment: str, *, is_isolated: bool) -> str:
    """Return the run from which the spectrum of a treatment starts.

    :param treatment: none, half, full or excited.
    :param is_isolated: whether the cell holds a molecule.
    """
    return treatment + PERIODIC if is_isolated and treatment in ENERGY_RUNS else treatment


def treatment_of(run: str) -> str:
    """Return the treatment of a run."""
    return run.removesuffix(PERIODIC)


def scf_parameters(parameters: Namelists, run: str, cell: AbsorptionCell) -> dict[str, dict[str, Any]]:
    """Return the namelists of one run, which differ from those of the others by charge, spin and cut-off only.

    :param parameters: namelists shared by all runs; a charge in them is that of the ground state.
    :param run: none or excited, whose energies count, or what `spectrum_run` says.
    :param cell: the cell with its absorbing atom.
    :raises TreatmentError: when the electrons do not fill bands in pairs although the cell is to be an insulator.
    """
    treatment = treatment_of(run)
    namelists = {name: dict(deepcopy(values)) for name, values in parameters.items()}
    namelists.setdefault("CONTROL", {})["calculation"] = "scf"
    system = namelists.setdefault("SYSTEM", {})
    charge = system.get("tot_charge", 0.0) + _CHARGES[treatment]
    if cell.is_isolated and run in ENERGY_RUNS:
        system.setdefault("assume_isolated", "martyna-tuckerman")
    elif cell.is_isolated:
        system.pop("assume_isolated", None)
    if "starting_magnetization" in system:
        system["starting_magnetization"] = _inherited(system["starting_magnetization"], cell.origins)
    if cell.is_insulator:
        _fix_occupations(system, treatment, cell)
    else:
        system.update({name: value for name, value in _SMEARING.items() if name not in system})
    if charge or "tot_charge" in system:
        system["tot_charge"] = charge
    return namelists


def _fix_occupations(system: dict[str, Any], treatment: str, cell: AbsorptionCell) -> None:
    """Fill whole bands, and leave some empty ones above them, so that the lowest of them is known."""
    electrons = cell.electrons - system.get("tot_charge", 0.0)
    if system.get("nspin", 1) == 2 and "tot_magnetization" not in system:
        raise TreatmentError("a magnetic insulator needs `tot_magnetization` in SYSTEM, in Bohr magnetons a cell")
    moment = system.get("tot_magnetization", 0)
    if abs((electrons - moment) / 2 - round((electrons - moment) / 2)) > 1e-6:
        raise TreatmentError(
            f"the cell has {electrons:g} valence electrons, which cannot fill bands with the magnetisation {moment:g}: "
            "an odd number needs `electronic_type` metal, or `nspin` 2 with an odd `tot_magnetization`"
        )
    for name in ("smearing", "degauss"):
        system.pop(name, None)
    system["occupations"] = "fixed"
    system["nbnd"] = max(system.get("nbnd", 0), ceil((electrons + abs(moment)) / 2) + 1 + _EMPTY_BANDS)
    if treatment == "excited":
        system.update(nspin=2, tot_magnetization=moment + 1)
        system.setdefault("starting_magnetization", {cell.absorber: 1.0})


def _inherited(values: Mapping[str, float], origins: Mapping[str, str]) -> dict[str, float]:
    """Return values by kind for the kinds of the cell, each that of the user's kind from which it came.

    Values of elements that the structure does not have are left out: several structures may share the parameters.
    """
    elements = {_element(origin) for origin in origins.values()}
    lost = sorted(kind for kind in values if kind not in origins.values() and _element(kind) in elements)
    if lost:
        raise TreatmentError(
            f"`starting_magnetization` is given for the kind '{lost[0]}', which the structure does not have; it has "
            f"{', '.join(sorted({*origins.values()}))}"
        )
    return {kind: values[origin] for kind, origin in sorted(origins.items()) if origin in values}


def _element(kind: str) -> str:
    """Return the symbol with which the name of a kind begins."""
    return kind[: 1 + kind[1:2].islower()]
