"""Spectra put on their axes, from results made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from core_hole_data import CORE_TERM, EXCITED, FULL, band_node, oxygen_pair

from aiida_gbml.calculations.assemble_spectra import assemble_spectra

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
ENERGY = np.linspace(-5.0, 15.0, 201)
PLAN = {
    "element": "O",
    "edge": "K",
    "site": 1,
    "multiplicity": 1,
    "formula": "MgO",
    "polarisation": "powder",
    "is_powder": True,
    "is_insulator": True,
    "weights": [1 / 3, 2 / 3],
    "n_atoms": 16,
    "image_distance": 5.9,
    "treatments": ["full"],
    "starts": {"full": "full"},
}


def direction(height: float) -> orm.XyData:
    """Return a peak 6 eV above the energy zero."""
    node = orm.XyData()
    node.set_x(ENERGY, "energy", "eV")
    node.set_y([height * np.exp(-((ENERGY - 6.0) ** 2))], ["sigma"], ["arb. units"])
    return node


def assembled(plan: Any = None, alignment: str = "transition_energy", pair: Any = None, **changes: Any) -> Any:
    """Return the outputs, or the message of the exit code."""
    results = {
        "none_scf": orm.Dict({"energy": -100.0}),
        "none_bands": band_node(FULL, 1),
        "excited_scf": orm.Dict({"energy": -310.0}),
        "excited_bands": band_node(EXCITED, [2, 1]),
        "full_scf": orm.Dict({"energy": -290.0}),
        "full_bands": band_node(FULL, 1),
        "full_report": orm.Dict({"energy_zero": 1.0, "warnings": ["Lanczos"]}),
        "full_polarisation_0": direction(3.0),
        "full_polarisation_1": direction(1.5),
    }
    outputs, node = assemble_spectra.run_get_node(
        plan=orm.Dict({**PLAN, **(plan or {})}),
        alignment=orm.Str(alignment),
        empirical_offset=orm.Float(-1.5),
        xspectra_parameters=orm.Dict({"PLOT": {"xgamma": 0.4}}),
        pair=pair or oxygen_pair(),
        **{name: node for name, node in {**results, **changes}.items() if node is not None},
    )
    return outputs if node.is_finished_ok else node.exit_message


def test_total_energies_and_the_core_term_give_the_transition_energy() -> None:
    outputs = assembled()
    energies, spectrum = outputs["energies"].get_dict(), outputs["full"]
    # the excited electron is at 2.0 and 2.9 eV at the two k-points, its mean 0.45 eV above the bottom
    assert energies["band_filling"] == pytest.approx(0.45)
    assert energies["transition_energy"] == pytest.approx(-210.0 - 0.45 + CORE_TERM)
    assert energies["full"] == {"homo": 1.0, "lumo": 6.0, "fermi": 3.5, "level": 6.0}
    # band energy of the peak 1 + 6, lowest empty level 6
    assert spectrum.energy[spectrum.intensity.argmax()] == pytest.approx(energies["transition_energy"] + 1.0)
    assert spectrum.intensity.max() == pytest.approx(3.0 / 3 + 2 * 1.5 / 3)
    assert spectrum.details["empirical_offset"] == -1.5  # and is nowhere in the axis
    assert spectrum.details["broadening"] == "Lorentzian, 0.8 eV full width"


def test_a_broad_band_of_the_excited_electron_is_said_and_so_is_every_other_caveat() -> None:
    plan = {"is_powder": False, "multiplicity": 4}
    outputs = assembled(plan, pair=oxygen_pair(verdict="failed"))
    assert outputs["energies"]["width"] == pytest.approx(0.9)
    warnings = outputs["full"].details["warnings"]
    assert ["0.9 eV wide" in warnings[0], "4 equivalent" in warnings[1], "'failed'" in warnings[2]] == [True] * 3
    assert warnings[3] == "Lanczos"


def test_relative_axes_begin_at_a_level_of_their_own() -> None:
    alone = dict.fromkeys(("none_scf", "none_bands", "excited_scf", "excited_bands"))
    fermi = assembled(alignment="fermi", **alone)["full"]
    assert fermi.energy[fermi.intensity.argmax()] == pytest.approx(6.0)  # above the highest occupied level, 1
    assert fermi.details["transition_energy"] is None
    onset = assembled(alignment="onset", **alone)["full"]
    assert onset.energy[onset.intensity.argmax()] == pytest.approx(np.log(2) ** 0.5, abs=0.01)


def test_a_metal_stands_on_its_fermi_energy() -> None:
    metal = orm.Dict({"energy": -290.0, "fermi_energy": 2.0})
    spectrum = assembled({"is_insulator": False}, full_scf=metal)["full"]
    assert spectrum.energy[spectrum.intensity.argmax()] == pytest.approx(-210.0 + CORE_TERM + 7.0 - 2.0)
    assert spectrum.details["energy_zero"] == 2.0
    assert "Fermi level of a metal" in assembled({"is_insulator": False})


def test_the_spectrum_of_the_excited_cell_begins_at_the_bottom_of_its_excited_band() -> None:
    plan = {"treatments": ["excited"], "starts": {"excited": "excited"}, "weights": [1.0]}
    given = {"excited_report": orm.Dict({"energy_zero": 1.0}), "excited_polarisation_0": direction(1.0)}
    spectrum = assembled(plan, **given)["excited"]
    assert spectrum.details["energy_zero"] == 2.0
    assert spectrum.energy[spectrum.intensity.argmax()] == pytest.approx(-210.0 - 0.45 + CORE_TERM + 7.0 - 2.0)


def test_without_empty_bands_there_is_no_absolute_axis() -> None:
    assert "has no empty band" in assembled(full_bands=band_node(FULL, 3))
