"""Tests of aiida_gbml.parsers.xspectra: spectra or an exit code, whatever was retrieved."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from xspectra_files import (
    PLOT,
    XSPECTRA,
    attach,
    finish,
    folder_of,
    intensities,
    parent_folder,
    save_file,
    spectrum_file,
    standard_output,
)

from aiida_gbml.parsers.xspectra import XspectraParser

pytestmark = pytest.mark.usefixtures("aiida_profile")

WHOLE = {
    "polarisation_0.out": standard_output(),
    "polarisation_0.dat": spectrum_file(),
    "polarisation_0.sav": save_file(),
}


@pytest.fixture
def make_job(aiida_localhost: orm.Computer, tmp_path: Path) -> Any:
    """Return a function that makes a job that has retrieved some files."""

    def make(
        files: dict[str, str], directions: int = 1, settings: Any = None, status: int = 0, **given: Any
    ) -> orm.CalcJobNode:
        parent = given.pop("parent", {})
        inputs = {
            "parent_folder": parent_folder(aiida_localhost, str(tmp_path), **parent),
            "parameters": orm.Dict({"INPUT_XSPECTRA": settings or {}, "PLOT": PLOT}),
            "polarisations": orm.List(np.eye(3)[:directions].tolist()),
            **given,
        }
        job = finish(XSPECTRA, aiida_localhost, inputs, status)
        attach(job, "retrieved", folder_of(files))
        return job

    return make


def parse(job: orm.CalcJobNode) -> tuple[dict[str, Any], orm.CalcFunctionNode]:
    """Return the outputs of the parser, and how it ended."""
    outputs, node = XspectraParser.parse_from_node(job, store_provenance=False)
    return outputs, node


@pytest.mark.parametrize("version", ["6.7MaX", "7.4"])
@pytest.mark.parametrize("spins", [1, 2])
def test_a_finished_job_gives_spectra_in_ev(make_job, version, spins):
    files = {"polarisation_0.out": standard_output(version, spins=spins), "polarisation_0.dat": spectrum_file(spins)}
    outputs, node = parse(make_job({**WHOLE, **files}))
    assert node.exit_status == 0
    spectrum = outputs["spectra"]["polarisation_0"]
    name, energy, unit = spectrum.get_x()
    assert (name, unit) == ("energy", "eV")
    assert np.allclose(energy, np.linspace(-10, 30, 41), atol=1e-8)
    assert [name for name, _, _ in spectrum.get_y()] == ["sigma", "sigma_up", "sigma_down"][: 2 * spins - 1]
    assert np.allclose([curve for _, curve, _ in spectrum.get_y()], intensities(spins), atol=1e-8)
    found = outputs["output_parameters"].get_dict()
    assert (found["version"], found["energy_zero"], found["homo"]) == (version, 13.3742, 13.3742)
    assert (found["lanczos_unconverged_fraction"], found["warnings"]) == (0.0, [])
    assert (found["edge"], found["calculation"], found["cpu_seconds"]) == ("K", "xanes_dipole", 1.82)


def test_l2_and_l3_together_are_three_halves_of_l3(make_job):
    outputs, node = parse(make_job(WHOLE, settings={"edge": "L23"}))
    assert node.exit_status == 0
    assert np.allclose(outputs["spectra"]["polarisation_0"].get_y()[0][1], 1.5 * intensities()[0], atol=2e-8)
    assert "spin-orbit" in outputs["output_parameters"]["warnings"][0]


def test_the_fermi_energy_of_a_metal_is_that_of_the_parent(make_job):
    metal = {"parameters": {"SYSTEM": {"occupations": "smearing"}}, "found": {"fermi_energy": 7.25}}
    outputs, node = parse(make_job({**WHOLE, "polarisation_0.out": standard_output(xe0=7.25)}, parent=metal))
    found = outputs["output_parameters"].get_dict()
    assert node.exit_status == 0
    assert (found["energy_zero"], found["fermi"], found["homo"], found["lumo"]) == (7.25, 7.25, None, None)


def test_chains_that_are_not_accurate_are_a_caveat(make_job):
    outputs, node = parse(make_job({**WHOLE, "polarisation_0.out": standard_output(chains=8, unconverged=2)}))
    assert node.exit_status == 501
    assert "2 of 8 Lanczos chains" in node.exit_message
    assert "polarisation_0" in outputs["spectra"]
    assert outputs["output_parameters"]["lanczos_unconverged_fraction"] == 0.25
    saturated = standard_output(chains=8, unconverged=8) + "        |   Hilbert space is saturated\n"
    outputs, node = parse(make_job({**WHOLE, "polarisation_0.out": saturated}))
    assert node.exit_status == 0
    assert len(outputs["output_parameters"]["warnings"]) == 2


def test_an_interrupted_job_says_how_to_go_on(make_job):
    stopped = {f"polarisation_{index}.out": standard_output(is_interrupted=True, chains=3) for index in (0, 1)}
    outputs, node = parse(make_job(stopped, directions=2))
    assert node.exit_status == 510
    assert "save_folder" in node.exit_message
    assert outputs["output_parameters"]["lanczos_chains"] == [3, 3]
    assert "spectra" not in outputs


def test_chains_of_an_earlier_job_are_counted(make_job):
    earlier = make_job({})
    before = {"lanczos_chains": [3], "lanczos_unconverged": [1], "homo": 13.3742, "lumo": 18.0, "fermi": 13.3742}
    attach(earlier, "output_parameters", orm.Dict(before))
    replotted = {**WHOLE, "polarisation_0.out": standard_output(is_replot=True)}
    outputs, node = parse(make_job(replotted, save_folder=earlier.outputs.retrieved))
    found = outputs["output_parameters"].get_dict()
    assert node.exit_status == 501
    assert (found["lanczos_chains"], found["lanczos_unconverged"], found["lumo"]) == ([3], [1], 18.0)


@pytest.mark.parametrize(
    ("files", "status", "expected", "message"),
    [
        ({}, 0, 302, "stdout"),
        ({"polarisation_0.out": standard_output()[:900]}, 0, 312, "incomplete"),
        ({"polarisation_0.out": standard_output()[:900]}, 120, 0, ""),
        ({**WHOLE, "polarisation_0.dat": ""}, 0, 330, "0 whole rows"),
        ({**WHOLE, "polarisation_0.dat": spectrum_file().replace("0.15915494", "       NaN")}, 0, 330, "two or four"),
        ({"polarisation_0.out": "Error in routine read_upf (1):\n  file not found\n"}, 0, 320, "file not found"),
        ({"polarisation_0.out": "Fortran runtime error: End of file\n"}, 0, 320, "End of file"),
    ],
)
def test_what_went_wrong_is_named(make_job, files, status, expected, message):
    outputs, node = parse(make_job(files, status=status))
    assert (node.exit_status or 0) == expected
    assert message in (node.exit_message or "")
    assert "spectra" not in outputs


def test_all_directions_are_needed(make_job):
    outputs, node = parse(make_job(WHOLE, directions=2))
    assert node.exit_status == 312
    assert "spectra" not in outputs


def test_damaged_files_never_raise_and_give_no_other_energies(make_job):
    generator = random.Random(7)  # noqa: S311
    codes = set()
    for _ in range(30):
        files = dict(WHOLE)
        name = generator.choice(list(files))
        text = files[name]
        at, length = generator.randrange(len(text)), generator.choice([1, 5, 80])
        files[name] = text[:at] + generator.choice(["", "\x00", "é*", "-1.5 "]) + text[at + length :]
        outputs, node = parse(make_job(files))
        codes.add(node.exit_status)
        if node.exit_status == 0:
            assert outputs["output_parameters"]["energy_zero"] == 13.3742
            energy, sigma = (
                outputs["spectra"]["polarisation_0"].get_x()[1],
                outputs["spectra"]["polarisation_0"].get_y(),
            )
            assert np.allclose(energy, np.linspace(-10, 30, 41), atol=2e-5)
            assert np.allclose(sigma[0][1], intensities()[0], atol=1e-8)
    assert {0, 330} <= codes
