"""Tests of aiida_gbml.calculations.xspectra: the files that a job gets, and the inputs it refuses."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common.folders import SandboxFolder
from aiida.engine.utils import instantiate_process
from aiida.manage import get_manager
from aiida_pseudo.data.pseudo import UpfData
from core_hole_data import upf
from xspectra_files import (
    PLOT,
    XSPECTRA,
    attach,
    core_orbitals,
    finish,
    folder_of,
    parent_folder,
    save_file,
    standard_output,
)

from aiida_gbml.calculations.xspectra import XspectraCalculation

pytestmark = pytest.mark.usefixtures("aiida_profile")


def mesh(*numbers: int) -> orm.KpointsData:
    """Return a shifted mesh of k-points."""
    kpoints = orm.KpointsData()
    kpoints.set_kpoints_mesh(numbers, [0.5] * 3)
    return kpoints


@pytest.fixture
def inputs(serial_code: Any, aiida_localhost: orm.Computer, tmp_path: Path) -> dict[str, Any]:
    """Return the inputs of a job for two directions; the code is never run."""
    return {
        "code": serial_code("gbml.xspectra", Path("/bin/true")),
        "parent_folder": parent_folder(aiida_localhost, str(tmp_path)),
        "parameters": orm.Dict({"PLOT": PLOT}),
        "kpoints": mesh(2, 2, 1),
        "core_orbitals": orm.SinglefileData(io.BytesIO(core_orbitals().encode()), filename="O.core"),
        "absorber": orm.Str("O1"),
        "polarisations": orm.List([[1, 0, 0], [0, 0, 3]]),
        "metadata": {"options": {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}}},
    }


@pytest.fixture
def earlier(inputs: dict[str, Any], aiida_localhost: orm.Computer) -> Any:
    """Return a function that makes the retrieved files of an earlier job with the same inputs."""

    def make(**files: str) -> orm.FolderData:
        nodes = {name: node for name, node in inputs.items() if name not in ("code", "metadata")}
        job = finish(XSPECTRA, aiida_localhost, nodes)
        return attach(job, "retrieved", folder_of({name.replace("__", "."): text for name, text in files.items()}))

    return make


def prepare(inputs: dict[str, Any]) -> tuple[dict[str, str], Any]:
    """Return the text files of a job and the instructions that go with them."""
    process = instantiate_process(get_manager().get_runner(), XspectraCalculation, **inputs)
    with SandboxFolder() as folder:
        info = process.prepare_for_submission(folder)
        names = [name for name in folder.get_content_list() if name.endswith(".in")]
        return {name: Path(folder.get_abs_path(name)).read_text() for name in names}, info


def value(text: str, key: str) -> str:
    """Return the value of a keyword in an input."""
    found = re.search(rf"^ *{re.escape(key)} = *(\S+)$", text, re.MULTILINE)
    assert found is not None, key
    return found[1]


def test_one_job_runs_all_directions_on_linked_files(inputs, tmp_path):
    files, info = prepare(inputs)
    assert sorted(files) == ["polarisation_0.in", "polarisation_1.in"]
    for index, name in enumerate(sorted(files)):
        text, code_info = files[name], info.codes_info[index]
        # Mg, O and O1 are sorted by aiida-quantumespresso, so that the absorber is the third species.
        assert value(text, "xiabs") == "3"
        assert value(text, "xcoordcrys") == ".false."
        direction = [float(value(text, f"xepsilon({axis})").replace("d", "e")) for axis in (1, 2, 3)]
        assert direction == np.eye(3)[[0, 2][index]].tolist()
        assert value(text, "x_save_file") == f"'polarisation_{index}.sav'"
        assert value(text, "xanes_file") == f"'polarisation_{index}.dat'"
        assert text.rstrip().split("\n")[-1] == "2 2 1 1 1 1"
        assert code_info.cmdline_params == ["-in", name]
        assert code_info.join_files
    assert info.remote_symlink_list == [(inputs["code"].computer.uuid, f"{tmp_path}/out/aiida.save", "out/aiida.save")]
    assert info.local_copy_list == [(inputs["core_orbitals"].uuid, "O.core", "core_orbitals.txt")]
    assert set(info.retrieve_list) == {
        f"polarisation_{index}.{suffix}" for index in (0, 1) for suffix in ("out", "dat", "sav")
    }


def test_the_runs_share_the_wall_time(inputs):
    inputs["metadata"]["options"]["max_wallclock_seconds"] = 1000
    files, _ = prepare(inputs)
    assert {value(text, "time_limit") for text in files.values()} == {"400"}


def test_pools_are_passed_on(inputs):
    _, info = prepare({**inputs, "settings": orm.Dict({"CMDLINE": ["-nk", "2"]})})
    assert info.codes_info[0].cmdline_params == ["-nk", "2", "-in", "polarisation_0.in"]


def test_a_metal_is_cut_at_its_fermi_energy(inputs, aiida_localhost, tmp_path):
    metal = {"parameters": {"SYSTEM": {"occupations": "smearing"}}, "found": {"fermi_energy": 7.25}}
    files, _ = prepare({**inputs, "parent_folder": parent_folder(aiida_localhost, str(tmp_path), **metal)})
    assert {float(value(text, "xe0").replace("d", "e")) for text in files.values()} == {7.25}
    assert "xe0" not in prepare(inputs)[0]["polarisation_0.in"]


def test_what_is_complete_is_plotted_and_what_is_not_goes_on(inputs, earlier):
    saved = earlier(
        polarisation_0__out=standard_output(),
        polarisation_0__sav=save_file(),
        polarisation_1__out=standard_output(is_interrupted=True),
        polarisation_1__sav=save_file((0.0, 0.0, 1.0), is_finished=False),
    )
    files, info = prepare({**inputs, "save_folder": saved})
    first, second = (files[f"polarisation_{index}.in"] for index in (0, 1))
    assert (value(first, "xonly_plot"), value(first, "restart_mode")) == (".true.", "'from_scratch'")
    assert (value(second, "xonly_plot"), value(second, "restart_mode")) == (".false.", "'restart'")
    assert [target for _, _, target in info.local_copy_list[1:]] == ["polarisation_0.sav", "polarisation_1.sav"]
    assert len(info.remote_symlink_list) == 1


def test_a_replot_needs_no_files_of_the_parent(inputs, earlier):
    both = {f"polarisation_{index}__out": standard_output(is_replot=True) for index in (0, 1)}
    saved = earlier(**both, polarisation_0__sav=save_file(), polarisation_1__sav=save_file((0.0, 0.0, 1.0)))
    inputs["parent_folder"].base.extras.set(orm.RemoteData.KEY_EXTRA_CLEANED, True)
    _, info = prepare({**inputs, "save_folder": saved, "parameters": orm.Dict({"PLOT": {**PLOT, "xgamma": 1.0}})})
    assert info.remote_symlink_list == []


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"polarisation_0__out": standard_output()},
        {"polarisation_0__sav": save_file(), "polarisation_0__out": "killed"},
        {"polarisation_0__sav": save_file()[:100], "polarisation_0__out": standard_output()},
    ],
)
def test_coefficients_that_are_not_whole_are_computed_anew(inputs, earlier, files):
    written, info = prepare({**inputs, "save_folder": earlier(**files)})
    assert value(written["polarisation_0.in"], "restart_mode") == "'from_scratch'"
    assert value(written["polarisation_0.in"], "xonly_plot") == ".false."
    assert len(info.local_copy_list) == 1


def refusal(inputs: dict[str, Any]) -> str:
    """Return the sentence with which a job is refused."""
    with pytest.raises(ValueError, match="Error occurred validating port 'inputs'") as caught:
        prepare(inputs)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": 410}, "did not end well"),
        ({"is_converged": False}, "is not converged"),
        ({"settings": {"GAMMA_ONLY": True}}, "Gamma-point tricks"),
        ({"settings": {"gamma_only": True}}, "Gamma-point tricks"),
        ({"parameters": {"CONTROL": {"calculation": "nscf"}}}, "is a 'nscf' run"),
        ({"parameters": {"SYSTEM": {"noncolin": True}}}, "not collinear"),
    ],
)
def test_an_unsuitable_parent_is_refused(inputs, aiida_localhost, tmp_path, changes, message):
    folder = parent_folder(aiida_localhost, str(tmp_path), **changes)
    assert message in refusal({**inputs, "parent_folder": folder})


def test_a_parent_of_unknown_origin_is_refused(inputs, aiida_localhost, tmp_path):
    folder = orm.RemoteData(remote_path=str(tmp_path), computer=aiida_localhost).store()
    assert "was not made by a pw.x job" in refusal({**inputs, "parent_folder": folder})


def test_a_parent_without_files_is_refused(inputs):
    inputs["parent_folder"].base.extras.set(orm.RemoteData.KEY_EXTRA_CLEANED, True)
    assert "cleaned away" in refusal(inputs)


def other_pseudo() -> UpfData:
    """Return the dataset of oxygen without a hole, which the absorber did not have."""
    return UpfData(io.BytesIO(upf("O", 6.0)), filename="O.UPF")


@pytest.mark.parametrize(
    ("name", "node", "message"),
    [
        ("absorber", lambda: orm.Str("O2"), "no kind 'O2', but Mg, O, O1"),
        ("absorber", lambda: orm.Str("O"), "2 atoms of the parent have the kind 'O'"),
        ("pseudo", other_pseudo, "not the expected 'O.UPF'"),
        ("polarisations", lambda: orm.List([[0, 0, 0]]), "Cartesian vectors"),
        ("polarisations", lambda: orm.List([]), "Cartesian vectors"),
        ("parameters", lambda: orm.Dict({"INPUT_XSPECTRA": {"edge": "L3"}}), "ends before the 2p orbital"),
        ("parameters", lambda: orm.Dict({"INPUT_XSPECTRA": {"edge": "N1"}}), "expected one of K, L1"),
        (
            "parameters",
            lambda: orm.Dict({"INPUT_XSPECTRA": {"calculation": "xanes_quadrupole", "xkvec": [0.0, 1.0, 0.0]}}),
            "no GIPAW projectors for d states",
        ),
        ("core_orbitals", lambda: orm.SinglefileData(io.BytesIO(b""), filename="O.core"), "is empty"),
        (
            "core_orbitals",
            lambda: orm.SinglefileData(io.BytesIO(core_orbitals().replace("\n", "", 1).encode()), filename="O.core"),
            "points, but the absorber's pseudopotential has 20",
        ),
        ("settings", lambda: orm.Dict({"NAMELISTS": []}), "only 'CMDLINE'"),
    ],
)
def test_what_does_not_fit_is_refused(inputs, name, node, message):
    assert message in refusal({**inputs, name: node()})


def test_a_list_of_kpoints_is_refused(inputs):
    kpoints = orm.KpointsData()
    kpoints.set_kpoints([[0.0, 0.0, 0.0]])
    assert "expected a mesh" in refusal({**inputs, "kpoints": kpoints})


def test_coefficients_of_something_else_are_refused(inputs, earlier):
    files = {"polarisation_0__out": standard_output(), "polarisation_0__sav": save_file((0.0, 1.0, 0.0))}
    saved = earlier(**files)
    assert "not [1.0, 0.0, 0.0]" in refusal({**inputs, "save_folder": saved})
    assert "'kpoints' is not that of the job" in refusal({**inputs, "save_folder": saved, "kpoints": mesh(1, 1, 1)})
    other = orm.Dict({"PLOT": PLOT, "PSEUDOS": {"r_paw(1)": 2.0}})
    assert "'r_paw(1)' is 2.0 but was None" in refusal({**inputs, "save_folder": saved, "parameters": other})
    assert "is of no xspectra.x job" in refusal({**inputs, "save_folder": orm.FolderData()})
