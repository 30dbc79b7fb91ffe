"""Tests of aiida_gbml.calculations.lammps: the files that a job gets, and the inputs it refuses."""

import io
from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.common.folders import SandboxFolder
from aiida.engine.utils import instantiate_process
from aiida.manage import get_manager
from ase.build import bulk

from aiida_gbml.calculations.lammps import LammpsCalculation
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.lammps import ARGUMENTS, LammpsPotential, LammpsSettings, write_inputs
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

SETFL = "a\nb\nc\n2 Cu Al\n"
STRUCTURES = StructureSet.from_ase([bulk("Cu"), bulk("Al"), bulk("Cu", cubic=True)])


@pytest.fixture
def inputs(serial_code):
    """Return the inputs of a relaxation; the code is never run."""
    return {
        "code": serial_code("gbml.lammps", Path("/bin/true")),
        "structures": StructureSetData(STRUCTURES),
        "mode": orm.Str("relax"),
        "constraints": orm.Dict({"atoms": "normal"}),
        "parameters": orm.Dict({"force_tolerance": 0.01}),
        "potential": orm.Dict({"pair_style": "eam/alloy", "pair_coeff": ["* * CuAl.eam.alloy"]}),
        "potential_files": {"file": orm.SinglefileData(io.BytesIO(SETFL.encode()), "CuAl.eam.alloy")},
    }


def prepare(inputs):
    """Return the text files of a job and the instructions that go with them."""
    process = instantiate_process(get_manager().get_runner(), LammpsCalculation, **inputs)
    with SandboxFolder() as folder:
        info = process.prepare_for_submission(folder)
        return {name: Path(folder.get_abs_path(name)).read_text() for name in folder.get_content_list()}, info


def test_the_job_gets_the_files_of_the_engine(inputs):
    files, info = prepare(inputs)
    potential = LammpsPotential("eam/alloy", ("* * CuAl.eam.alloy",))
    settings = LammpsSettings(mode="relax", atoms="normal", force_tolerance=0.01)
    assert files == write_inputs(STRUCTURES, potential, settings)
    assert tuple(info.codes_info[0].cmdline_params) == ARGUMENTS
    assert [name for _, *name in info.local_copy_list] == [["CuAl.eam.alloy", "CuAl.eam.alloy"]]


def test_a_job_is_serial_unless_told_otherwise(inputs):
    options = instantiate_process(get_manager().get_runner(), LammpsCalculation, **inputs).node.get_options()
    assert options["withmpi"] is False
    assert options["environment_variables"] == {"OMP_NUM_THREADS": "1"}
    assert options["parser_name"] == "gbml.lammps"


def test_only_what_an_earlier_job_left_is_evaluated(inputs):
    previous = STRUCTURES.with_columns(status=["ok", "new", "failed"], energy=[1.0, np.nan, np.nan])
    files, _ = prepare({**inputs, "previous": StructureSetData(previous)})
    expected, _ = prepare({**inputs, "structures": StructureSetData(STRUCTURES.take([1]))})
    assert files["in.lammps"].count("read_data") == 0
    assert files["in.lammps"].count("include") == 1
    assert files["in.lammps"].split("Atoms")[1] == expected["in.lammps"].split("Atoms")[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "md"}, "'mode' is 'md'"),
        ({"constraints": {"cells": "fixed"}}, "unknown setting 'cells'"),
        ({"parameters": {"max_steps": -3}}, "'max_steps' is -3"),
        ({"potential": {"pair_style": "shell"}}, "needs 'pair_style'"),
        ({"potential": {"pair_style": "shell", "pair_coeff": ["* * 1"]}}, "'shell' is not supported"),
        ({"potential_files": {}}, r"reads the files \['CuAl.eam.alloy'\], but \[\] are given"),
    ],
)
def test_wrong_inputs_are_refused_in_words(inputs, changes, message):
    with pytest.raises(ValueError, match=message):
        instantiate_process(get_manager().get_runner(), LammpsCalculation, **{**inputs, **changes})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Cu.eam.alloy", SETFL.encode(), r"but \['Cu.eam.alloy'\] are given"),
        ("CuAl.eam.alloy", b"\xff\0x", "no line 4"),
        ("CuAl.eam.alloy", b"a\nb\nc\n1 Cu\n", "the potential has no Al, it is for Cu"),
    ],
)
def test_a_wrong_potential_file_is_refused_in_words(inputs, name, content, message):
    inputs["potential_files"] = {"file": orm.SinglefileData(io.BytesIO(content), name)}
    with pytest.raises(ValueError, match=message):
        instantiate_process(get_manager().get_runner(), LammpsCalculation, **inputs)


def test_an_evaluation_of_other_structures_is_no_previous_one(inputs):
    inputs["previous"] = StructureSetData(STRUCTURES.take([0]))
    with pytest.raises(ValueError, match="'previous' is no evaluation of the input 'structures'"):
        instantiate_process(get_manager().get_runner(), LammpsCalculation, **inputs)


def test_every_port_says_what_it_takes():
    spec = LammpsCalculation.spec()
    own = ("structures", "previous", "mode", "constraints", "parameters", "potential", "potential_files")
    assert all(spec.inputs[name].help for name in own)
    assert "eV/Å" in spec.inputs["parameters"].help
    assert "eV/Å" in spec.outputs["evaluated"].help


def test_no_failure_is_taken_from_the_cache():
    """Another build of LAMMPS under the same path may have the pair style that this one lacks."""
    own = {"ERROR_NO_RESULTS", "ERROR_RESULTS_DAMAGED", "ERROR_POTENTIAL_REFUSED", "ERROR_INTERRUPTED"}
    assert all(LammpsCalculation.exit_codes[label].invalidates_cache for label in own)
