"""The real pw.x and xspectra.x: Quantum ESPRESSO's stored spectra, replots, restarts, symmetry, and edges."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xspectra_reference as examples
from aiida import orm
from aiida.engine import run_get_node
from aiida_quantumespresso.calculations.pw import PwCalculation

from aiida_gbml.calculations.xspectra import XspectraCalculation
from aiida_gbml.science.engines.upf import core_orbitals_text, read_upf
from aiida_gbml.workflows.spectra.xspectra_base import XspectraRestartWorkChain

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]

FOLDER = Path(os.environ.get("XSPECTRA_EXAMPLES", examples.FOLDER))
METADATA = {"options": examples.OPTIONS}
CHEAP = {"xnepoint": 101, "xgamma": 1.0, "xemin": -10.0, "xemax": 30.0, "terminator": True, "cut_occ_states": False}


@pytest.fixture
def codes(pw_code: orm.InstalledCode, xspectra_code: orm.InstalledCode) -> dict[str, orm.InstalledCode]:
    """Return the codes, when the examples are there to be compared with."""
    if not FOLDER.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{FOLDER} is missing")
    return {"pw": pw_code, "xspectra": xspectra_code}


def run_parent(codes: Mapping[str, Any], name: str, kpoints: int, **system: Any) -> orm.CalcJobNode:
    """Return the ``pw.x`` job of an example on a coarser mesh."""
    inputs = examples.parent_inputs(FOLDER, name)
    inputs["kpoints"].set_kpoints_mesh([kpoints] * 3)
    inputs["parameters"]["SYSTEM"].update(system)
    return run_get_node(PwCalculation, code=codes["pw"], metadata=METADATA, **inputs)[1]


def spectrum_inputs(parent: orm.CalcJobNode, name: str, mesh: int, **settings: Any) -> dict[str, Any]:
    """Return the inputs of an example's spectrum on a coarser mesh, with few points."""
    inputs = examples.spectrum_inputs(FOLDER, name, parent)
    inputs["kpoints"].set_kpoints_mesh([mesh] * 3, [0.5] * 3)
    given = inputs["parameters"].get_dict()
    given["INPUT_XSPECTRA"] = {**given["INPUT_XSPECTRA"], "xerror": 0.01, "xcheck_conv": 10, **settings}
    return {**inputs, "parameters": orm.Dict({**given, "PLOT": CHEAP})}


def sigma(outputs: Mapping[str, Any], index: int = 0) -> np.ndarray:
    """Return the intensities of one direction."""
    return outputs["spectra"][f"polarisation_{index}"].get_y()[0][1]


def test_diamond_and_its_replot_are_those_of_quantum_espresso(codes):
    found = examples.run_example(FOLDER, examples.EXAMPLES["diamond"], codes, {})
    assert found["exit"] == 0
    assert found["deviation"] < 0.005
    assert found["replot_deviation"] < 0.005
    assert found["energy_zero"] == pytest.approx(13.3353, abs=0.005)  # as in the stored output


def test_diamond_with_a_full_hole_is_that_of_quantum_espresso(codes):
    found = examples.run_example(FOLDER, examples.EXAMPLES["diamond_full_hole"], codes, {})
    assert found["exit"] == 0
    assert found["deviation"] < 0.005
    assert found["energy_zero"] == pytest.approx(12.7945, abs=0.005)


def test_directions_of_a_cubic_crystal_agree(codes):
    parent = run_parent(codes, "diamond.scf.in", 1, ecutwfc=25.0)
    directions = orm.List([[1, 0, 0], [0, 1, 0], [1, 1, 1]])
    inputs = spectrum_inputs(parent, "diamond.xspectra.in", 2, xerror=0.0001)
    inputs["polarisations"] = directions
    outputs, node = run_get_node(XspectraCalculation, code=codes["xspectra"], metadata=METADATA, **inputs)
    assert node.exit_status == 0
    for index in (1, 2):
        assert np.max(np.abs(sigma(outputs, index) - sigma(outputs))) < 0.005 * np.max(sigma(outputs))
    # Jobs may share the parent because none of them writes into its folder.
    names = {path.name for path in Path(parent.outputs.remote_folder.get_remote_path(), "out").iterdir()}
    assert names == {"aiida.save", "aiida.xml"}


def test_a_job_goes_on_where_the_time_limit_stopped_it(codes):
    parent = run_parent(codes, "diamond.scf.in", 1)
    job = {"code": codes["xspectra"], "metadata": METADATA}
    _, stopped = run_get_node(
        XspectraCalculation, **spectrum_inputs(parent, "diamond.xspectra.in", 4, time_limit=1), **job
    )
    assert stopped.exit_status == 510
    made = stopped.outputs.output_parameters["lanczos_chains"][0]
    assert made < 64  # none on a busy machine: the program counts seconds on the wall
    inputs = spectrum_inputs(parent, "diamond.xspectra.in", 4)
    resumed, node = run_get_node(XspectraCalculation, save_folder=stopped.outputs.remote_folder, **inputs, **job)
    assert node.exit_status == 0
    assert resumed["output_parameters"]["lanczos_chains"] == [64]
    whole, _ = run_get_node(XspectraCalculation, **inputs, **job)
    assert np.array_equal(sigma(resumed), sigma(whole))


def test_more_lanczos_iterations_are_tried_once(codes):
    parent = run_parent(codes, "diamond.scf.in", 1, ecutwfc=25.0)
    for count, iterations, fraction in ((35, 2, 0.0), (10, 2, 1.0)):
        inputs = spectrum_inputs(parent, "diamond.xspectra.in", 1, xniter=count, xerror=0.02)
        job = {"code": codes["xspectra"], "metadata": METADATA}
        outputs, node = run_get_node(XspectraRestartWorkChain, xspectra={**inputs, **job})
        assert node.exit_status == 0
        assert len(node.called_descendants) == iterations + 1
        assert outputs["output_parameters"]["lanczos_unconverged_fraction"] == fraction
        assert bool(outputs["output_parameters"]["warnings"]) == bool(fraction)


def test_l3_of_copper_is_twice_l2(codes):
    parent = run_parent(codes, "Cu.scf.in", 2)
    found, core = {}, {}
    for edge in ("L2", "L3"):
        inputs = spectrum_inputs(parent, "Cu_xspectra.in", 2, edge=edge)
        outputs, node = run_get_node(XspectraCalculation, code=codes["xspectra"], metadata=METADATA, **inputs)
        assert node.exit_status == 0
        found[edge], core[edge] = sigma(outputs), -outputs["output_parameters"]["core_level"]
    # The cross section carries the photon energy; core levels of Cu: X-ray data booklet, 952.3 and 932.7 eV.
    assert (core["L2"], core["L3"]) == pytest.approx((952.3, 932.7), abs=0.1)
    energy = np.linspace(CHEAP["xemin"], CHEAP["xemax"], CHEAP["xnepoint"]) + 11.5335
    photon = (energy + core["L3"]) / (energy + core["L2"])
    assert np.max(np.abs(found["L3"] - 2 * photon * found["L2"])) < 0.002 * np.max(found["L3"])


def test_a_spin_polarised_parent_gives_the_spectrum_of_each_spin(codes):
    spin = {"nspin": 2, "tot_magnetization": 2.0, "starting_magnetization": {"C_h": 1.0, "C": 0.1}}
    smearing = {"occupations": "smearing", "smearing": "gaussian", "degauss": 0.02}
    parent = run_parent(codes, "diamond.scf.in", 1, ecutwfc=25.0, nbnd=20, **spin, **smearing)
    assert parent.exit_status == 0
    inputs = spectrum_inputs(parent, "diamond.xspectra.in", 1)
    outputs, node = run_get_node(XspectraCalculation, code=codes["xspectra"], metadata=METADATA, **inputs)
    assert node.exit_status == 0
    curves = {name: curve for name, curve, _ in outputs["spectra"]["polarisation_0"].get_y()}
    assert np.allclose(curves["sigma"], curves["sigma_up"] + curves["sigma_down"], atol=3e-8)
    assert np.max(np.abs(curves["sigma_up"] - curves["sigma_down"])) > 0.01 * np.max(curves["sigma"])
    fermi = max(parent.outputs.output_parameters[f"fermi_energy_{spin}"] for spin in ("up", "down"))
    assert outputs["output_parameters"]["energy_zero"] == pytest.approx(fermi, abs=1e-4)


def test_a_parent_that_did_not_converge_is_refused(codes):
    inputs = examples.parent_inputs(FOLDER, "diamond.scf.in")
    inputs["kpoints"].set_kpoints_mesh([1, 1, 1])
    inputs["parameters"]["ELECTRONS"].update(electron_maxstep=2)
    inputs["parameters"]["SYSTEM"].update(ecutwfc=20.0)
    _, parent = run_get_node(PwCalculation, code=codes["pw"], metadata=METADATA, **inputs)
    job = {"code": codes["xspectra"], "metadata": METADATA}
    with pytest.raises(ValueError, match="did not end well"):
        run_get_node(XspectraCalculation, **spectrum_inputs(parent, "diamond.xspectra.in", 1), **job)


def test_what_the_program_says_when_it_stops_is_reported(codes):
    parent = run_parent(codes, "diamond.scf.in", 1, ecutwfc=20.0)
    inputs = spectrum_inputs(parent, "diamond.xspectra.in", 1)
    core = core_orbitals_text(read_upf(examples.read_file(FOLDER / "pseudo", "C_PBE_TM_2pj.UPF")))
    inputs["core_orbitals"] = orm.SinglefileData(io.BytesIO(core.encode()), filename="core.txt")
    save = Path(parent.outputs.remote_folder.get_remote_path(), "out", "aiida.save", "charge-density.dat")
    save.write_bytes(b"")
    _, node = run_get_node(XspectraCalculation, code=codes["xspectra"], metadata=METADATA, **inputs)
    assert node.exit_status == 320
    assert len(node.exit_message) > 60
