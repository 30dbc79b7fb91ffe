"""Builders of a spectrum."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessBuilder
from core_hole_data import oxygen_pair, oxygen_structure, upf_node

from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


@pytest.fixture
def codes(serial_code: Any) -> tuple[orm.Code, orm.Code]:
    """Return codes that are never run."""
    return serial_code("quantumespresso.pw", "/bin/true"), serial_code("gbml.xspectra", "/bin/true")


def builder(codes: tuple[orm.Code, orm.Code], **changes: Any) -> ProcessBuilder:
    """Return a builder for oxygen in a cube."""
    given = {"pairs": {"full": oxygen_pair()}, "pseudos": {"Mg": upf_node("Mg", 2)}, **changes}
    return CoreHoleSpectrumWorkChain.get_builder_from_protocol(*codes, oxygen_structure("Mg", "O"), 1, **given)


def test_cutoffs_are_the_highest_that_a_dataset_asks_for(codes: Any) -> None:
    pairs = {"full": oxygen_pair(cutoff_wfc=40.0, cutoff_rho=300.0), "half": oxygen_pair("half", cutoff_wfc=45.0)}
    system = builder(codes, pairs=pairs).pw.pw.parameters["SYSTEM"]
    assert (system["ecutwfc"], system["ecutrho"]) == (45.0, 360.0)
    given = {"pw": {"pw": {"parameters": {"SYSTEM": {"ecutwfc": 30.0}}}}}
    system = builder(codes, pairs=pairs, overrides=given).pw.pw.parameters["SYSTEM"]
    assert (system["ecutwfc"], system["ecutrho"]) == (30.0, 320.0)
    with pytest.raises(ValueError, match="no dataset recommends a cutoff"):
        builder(codes, pairs={"full": oxygen_pair(cutoff_wfc=None, cutoff_rho=None)})


def test_protocols_differ_and_overrides_are_absolute(codes: Any) -> None:
    distances = [builder(codes, protocol=name).cell["min_distance"] for name in ("fast", "balanced", "stringent")]
    assert distances == [6.0, 9.0, 12.0]
    changed = builder(codes, overrides={"alignment": "fermi", "broadening": {"gaussian": 0.5}, "max_concurrent": 1})
    assert (changed.alignment.value, changed.max_concurrent.value) == ("fermi", 1)
    assert changed.broadening.get_dict() == {"gaussian": 0.5}
    assert "broadening" not in builder(codes)._inputs(prune=True)
    with pytest.raises(ValueError, match="no setting 'align'"):
        builder(codes, overrides={"align": "fermi"})


def test_options_reach_both_programs(codes: Any) -> None:
    made = builder(codes, options={"withmpi": False, "max_wallclock_seconds": 60})
    for program in (made.pw.pw, made.xspectra.xspectra):
        assert program.metadata["options"]["max_wallclock_seconds"] == 60
        assert program.metadata["options"]["withmpi"] is False
        assert program.metadata["options"]["resources"]


def test_what_does_not_fit_is_refused_by_the_builder(codes: Any) -> None:
    inputs = builder(codes, pairs={"full": oxygen_pair(verdict="failed")})._inputs(prune=True)
    message = CoreHoleSpectrumWorkChain.spec().inputs.validate(inputs)
    assert "verdict 'failed'" in str(message)
    assert CoreHoleSpectrumWorkChain.spec().inputs.validate(builder(codes)._inputs(prune=True)) is None
