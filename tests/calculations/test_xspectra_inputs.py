"""Tests of aiida_gbml.calculations.xspectra_inputs, as far as those of the job do not reach it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from xspectra_files import XSPECTRA, attach, finish, folder_of, parent_folder

from aiida_gbml.calculations.xspectra_inputs import check_absorber, check_parent, save_folder
from aiida_gbml.science.engines.xspectra_input import XspectraInputError

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_exactly_one_atom_is_the_absorber():
    structure = orm.StructureData(cell=[[5, 0, 0], [0, 5, 0], [0, 0, 5]])
    for index, kind in enumerate(("O", "O1", "O")):
        structure.append_atom(position=(index, 0, 0), symbols="O", name=kind)
    check_absorber(structure, "O1")
    with pytest.raises(XspectraInputError, match="2 atoms"):
        check_absorber(structure, "O")
    with pytest.raises(XspectraInputError, match="no kind 'Mg', but O, O1"):
        check_absorber(structure, "Mg")


def test_files_are_not_read_across_computers(
    aiida_localhost: orm.Computer, aiida_computer_local: Any, aiida_code_installed: Any, tmp_path: Path
):
    elsewhere = aiida_computer_local(label="elsewhere")
    code = aiida_code_installed("gbml.xspectra", computer=elsewhere, filepath_executable="/bin/true")
    inputs = {"parent_folder": parent_folder(aiida_localhost, str(tmp_path)), "code": code}
    with pytest.raises(XspectraInputError, match="but the code on 'elsewhere'"):
        check_parent(inputs, needs_files=True)
    check_parent(inputs, needs_files=False)


def test_either_folder_of_a_job_leads_to_its_retrieved_files(aiida_localhost: orm.Computer, tmp_path: Path):
    job = finish(XSPECTRA, aiida_localhost, {})
    remote = attach(job, "remote_folder", orm.RemoteData(remote_path=str(tmp_path), computer=aiida_localhost))
    with pytest.raises(XspectraInputError, match="has retrieved nothing"):
        save_folder(remote)
    retrieved = attach(job, "retrieved", folder_of({"polarisation_0.sav": ""}))
    assert save_folder(remote).uuid == save_folder(retrieved).uuid == retrieved.uuid
