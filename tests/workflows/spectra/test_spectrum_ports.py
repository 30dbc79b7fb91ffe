"""The ports of the spectrum of a site."""

from __future__ import annotations

import pytest

from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def test_what_the_work_chain_makes_itself_cannot_be_given() -> None:
    inputs = CoreHoleSpectrumWorkChain.spec().inputs
    for name in ("structure", "pseudos", "parent_folder"):
        assert name not in inputs["pw"]["pw"]
    for name in ("parent_folder", "core_orbitals", "absorber", "kpoints", "polarisations", "pseudo", "save_folder"):
        assert name not in inputs["xspectra"]["xspectra"]
    assert not {"kpoints", "kpoints_distance", "clean_workdir"} & {*inputs["pw"], *inputs["xspectra"]}


def test_defaults_are_those_of_an_absolute_powder_spectrum() -> None:
    inputs = CoreHoleSpectrumWorkChain.spec().inputs
    plain = {name: inputs[name].default().value for name in ("alignment", "electronic_type", "empirical_offset")}
    assert plain == {"alignment": "transition_energy", "electronic_type": "insulator", "empirical_offset": 0.0}
    assert inputs["treatments"].default().get_list() == ["full"]
    assert inputs["polarisations"].default().get_dict() == {"mode": "powder"}
    assert inputs["cell"].default()["min_distance"] == 9.0
