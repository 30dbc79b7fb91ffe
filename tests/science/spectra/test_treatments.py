"""Charges, spins and bands of the treatments of a core hole."""

from __future__ import annotations

from typing import Any

import pytest

from aiida_gbml.science.spectra.treatments import (
    AbsorptionCell,
    TreatmentError,
    scf_parameters,
    spectrum_run,
    treatment_of,
)

SHARED = {"SYSTEM": {"ecutwfc": 32.0, "ecutrho": 256.0}, "ELECTRONS": {"conv_thr": 1e-7}}


def cell(**changes: Any) -> AbsorptionCell:
    """Return the cell of a crystal of MgO with eight oxygen atoms, whose first absorbs."""
    fields = {"absorber": "O1", "electrons": 64.0, "is_insulator": True, "is_isolated": False}
    return AbsorptionCell(**{**fields, "origins": {"Mg": "Mg", "O": "O", "O1": "O"}, **changes})


def system(treatment: str, shared: Any = SHARED, **changes: Any) -> dict[str, Any]:
    """Return the namelist SYSTEM of a treatment."""
    return scf_parameters(shared, treatment, cell(**changes))["SYSTEM"]


@pytest.mark.parametrize(("treatment", "charge"), [("none", None), ("half", 0.5), ("full", 1.0), ("excited", None)])
def test_the_charge_keeps_the_valence_electrons_or_adds_the_excited_one(treatment: str, charge: float | None) -> None:
    # z_valence of the absorber grows by the hole: 64 + 0.5 - 0.5, 64 + 1 - 1, and 64 + 1 for the excited cell
    assert system(treatment).get("tot_charge") == charge


def test_treatments_differ_by_nothing_else() -> None:
    whole = scf_parameters(SHARED, "full", cell())
    ground = scf_parameters(SHARED, "none", cell())
    assert whole["SYSTEM"].pop("tot_charge") == 1.0
    assert whole == ground
    assert ground["CONTROL"] == {"calculation": "scf"}
    assert ground["ELECTRONS"] == {"conv_thr": 1e-7}


def test_bands_reach_above_the_excited_electron() -> None:
    assert system("none")["nbnd"] > 33
    assert system("none", {"SYSTEM": {"nbnd": 60}})["nbnd"] == 60


@pytest.mark.parametrize("moment", [-8, 8])
def test_bands_hold_the_spin_that_has_more_electrons(moment: int) -> None:
    """64 electrons with a moment of 8 are 36 of one spin and 28 of the other."""
    assert system("none", {"SYSTEM": {"nspin": 2, "tot_magnetization": moment}})["nbnd"] > 36


def test_the_excited_electron_of_an_insulator_has_a_spin() -> None:
    excited = system("excited")
    assert (excited["nspin"], excited["tot_magnetization"]) == (2, 1)
    assert excited["starting_magnetization"] == {"O1": 1.0}
    assert excited["occupations"] == "fixed"


def test_a_magnetic_insulator_gets_one_more_moment_and_its_kinds_keep_theirs() -> None:
    magnetic = {"SYSTEM": {"nspin": 2, "tot_magnetization": 2, "starting_magnetization": {"O": 0.3}}}
    excited = system("excited", magnetic)
    assert excited["tot_magnetization"] == 3
    assert excited["starting_magnetization"] == {"O": 0.3, "O1": 0.3}
    with pytest.raises(TreatmentError, match="tot_magnetization"):
        system("none", {"SYSTEM": {"nspin": 2}})


def test_moments_of_kinds_that_are_not_there_are_not_lost_in_silence() -> None:
    """A set of structures keeps no names of kinds, but some of its structures may lack an element."""
    moments = {"Mg": 0.1, "Co": 0.5, "Mo2": 0.2}
    assert system("none", {"SYSTEM": {"starting_magnetization": moments}})["starting_magnetization"] == {"Mg": 0.1}
    with pytest.raises(TreatmentError, match="the kind 'O2', which the structure does not have; it has Mg, O"):
        system("none", {"SYSTEM": {"starting_magnetization": {"O": 0.5, "O2": -0.5}}})


def test_a_metal_is_smeared_and_its_excited_electron_needs_no_spin() -> None:
    excited = system("excited", {"SYSTEM": {"degauss": 0.01}}, is_insulator=False, electrons=63.0)
    assert (excited["occupations"], excited["degauss"]) == ("smearing", 0.01)
    assert "nspin" not in excited
    assert "nbnd" not in excited


def test_a_charged_molecule_keeps_its_charge_under_every_treatment() -> None:
    charged = {"SYSTEM": {"tot_charge": -1.0}}
    assert system("none", charged, electrons=7.0, is_isolated=True)["tot_charge"] == -1.0
    assert system("full", charged, electrons=7.0)["tot_charge"] == 0.0


def test_an_odd_number_of_electrons_in_an_insulator_is_named() -> None:
    with pytest.raises(TreatmentError, match=r"63 valence electrons.*metal"):
        system("none", electrons=63.0)


def test_energies_of_molecules_are_cut_off_and_their_spectra_start_from_runs_that_are_not() -> None:
    # xspectra.x 6.7 puts the highest occupied level of CH4+ 6 eV away from where pw.x has it with the cut-off
    assert spectrum_run("none", is_isolated=True) == "none_periodic"
    assert [spectrum_run(name, is_isolated=False) for name in ("none", "full")] == ["none", "full"]
    assert spectrum_run("full", is_isolated=True) == "full"
    assert treatment_of("excited_periodic") == "excited"
    for run in ("none_periodic", "half", "full", "excited_periodic"):
        assert "assume_isolated" not in system(run, is_isolated=True)
    for run in ("none", "excited"):
        assert system(run, is_isolated=True)["assume_isolated"] == "martyna-tuckerman"
        assert system(run, {"SYSTEM": {"assume_isolated": "none"}}, is_isolated=True)["assume_isolated"] == "none"
        assert "assume_isolated" not in system(run)
    assert system("excited_periodic", is_isolated=True)["nspin"] == 2
