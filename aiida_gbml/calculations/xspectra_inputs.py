"""What nodes say about a run of ``xspectra.x`` before it starts: the parent, its absorber, and an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm
from aiida.common.exceptions import NotExistent

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.upf import read_upf
from aiida_gbml.science.engines.xspectra import XspectraOutputError, parse_save_head, parse_stdout
from aiida_gbml.science.engines.xspectra_input import (
    CONTINUED,
    NEW,
    REPLOTTED,
    Namelists,
    XspectraInputError,
    check_core_orbitals,
    check_polarisations,
    check_projectors,
    complete_parameters,
    fermi_energy,
    run_name,
    same_lanczos,
)

PW, XSPECTRA = "aiida.calculations:quantumespresso.pw", "aiida.calculations:gbml.xspectra"
_SELF_CONSISTENT = ("scf", "relax", "vc-relax")


def complete(inputs: Mapping[str, Any]) -> tuple[Namelists, Array, int]:
    """Return the complete namelists, the (k, 3) unit vectors, and the absorber's place among the species from 1.

    :raises XspectraInputError: when parent, absorber, core orbitals, edge or polarisations do not fit each other.
    """
    parameters = complete_parameters(inputs["parameters"].get_dict())
    polarisations = check_polarisations(inputs["polarisations"].get_list(), parameters)
    parent, absorber = parent_job(inputs["parent_folder"]), inputs["absorber"].value
    fermi = fermi_energy(parent.inputs.parameters.get_dict(), _output_parameters(parent))
    if fermi is not None:
        parameters["INPUT_XSPECTRA"].setdefault("xe0", fermi)
    kinds = sorted(kind.name for kind in parent.inputs.structure.kinds)
    check_absorber(parent.inputs.structure, absorber)
    dataset = parent.inputs.pseudos[absorber]
    if inputs.get("pseudo") is not None and inputs["pseudo"].md5 != dataset.md5:
        raise XspectraInputError(
            f"the absorber {absorber!r} had the pseudopotential {dataset.filename!r} in the parent, not the expected "
            f"{inputs['pseudo'].filename!r}: run pw.x with that one"
        )
    upf = read_upf(dataset.get_content(mode="rb"))
    text = inputs["core_orbitals"].get_content(mode="rb").decode("latin-1")
    check_core_orbitals(text, parameters["INPUT_XSPECTRA"]["edge"], len(upf.mesh))
    check_projectors(upf.gipaw_projectors, parameters)
    return parameters, polarisations, kinds.index(absorber) + 1


def parent_job(folder: orm.RemoteData) -> Any:
    """Return the job behind a parent folder.

    :raises XspectraInputError: when it is no ``pw.x`` job.
    """
    creator = folder.creator
    if creator is None or creator.process_type != PW:
        raise XspectraInputError(
            "the parent folder was not made by a pw.x job of AiiDA, so that nothing is known about it: give the "
            "`remote_folder` of such a job"
        )
    return creator


def check_absorber(structure: orm.StructureData, absorber: str) -> None:
    """Raise unless exactly one atom has the absorber's kind."""
    kinds = [site.kind_name for site in structure.sites]
    if kinds.count(absorber) == 1:
        return
    names = ", ".join(sorted(set(kinds)))
    if absorber not in kinds:
        raise XspectraInputError(f"the parent has no kind {absorber!r}, but {names}: mark the absorber by a kind")
    raise XspectraInputError(
        f"{kinds.count(absorber)} atoms of the parent have the kind {absorber!r}: give one of them a kind of its own"
    )


def check_parent(inputs: Mapping[str, Any], needs_files: bool) -> None:
    """Raise unless the parent's charge density can be used.

    :param needs_files: whether the program will read the parent's files.
    """
    folder, code = inputs["parent_folder"], inputs.get("code")
    job = parent_job(folder)
    if not job.is_finished_ok:
        raise XspectraInputError(
            f"the parent pw.x job {job.pk} did not end well ({job.exit_message or job.process_state}): converge it "
            "first, xspectra.x would compute a spectrum of whatever is there"
        )
    _check_convergence(job)
    _check_kind_of_job(job)
    if not needs_files:
        return
    if folder.is_cleaned:
        raise XspectraInputError(f"the files of the parent pw.x job {job.pk} have been cleaned away: run it again")
    if code is not None and code.computer is not None and code.computer.uuid != folder.computer.uuid:
        raise XspectraInputError(
            f"the parent's files are on {folder.computer.label!r}, but the code on {code.computer.label!r}: use a code "
            "on the same computer"
        )


def save_folder(node: orm.RemoteData | orm.FolderData) -> orm.FolderData:
    """Return the retrieved files of the earlier job behind a folder.

    :raises XspectraInputError: when it is of no such job.
    """
    job = node.creator
    if job is None or job.process_type != XSPECTRA:
        raise XspectraInputError("'save_folder' is of no xspectra.x job of AiiDA: give the `retrieved` of one")
    try:
        retrieved: orm.FolderData = job.outputs.retrieved
    except NotExistent:
        raise XspectraInputError(f"the job {job.pk} of 'save_folder' has retrieved nothing: leave it away") from None
    return retrieved


def beginnings(inputs: Mapping[str, Any], parameters: Namelists, polarisations: Array) -> list[str]:
    """Return how the run of each polarisation begins, from what an earlier job has left.

    :param parameters: complete namelists.
    :param polarisations: (k, 3) unit vectors.
    :raises XspectraInputError: when the earlier job computed something else.
    """
    if inputs.get("save_folder") is None:
        return [NEW] * len(polarisations)
    saved = save_folder(inputs["save_folder"])
    _check_same_job(inputs, saved.creator.inputs, parameters)
    return [_beginning(saved, run_name(index), vector) for index, vector in enumerate(polarisations)]


def _beginning(saved: orm.FolderData, name: str, polarisation: Array) -> str:
    """Return how the run of one polarisation begins; coefficients that were not written to the end do not count."""
    names = saved.base.repository.list_object_names()
    if f"{name}.sav" not in names or f"{name}.out" not in names:
        return NEW
    if not parse_stdout(_text(saved, f"{name}.out")).is_saved:
        return NEW
    try:
        head = parse_save_head(_text(saved, f"{name}.sav"))
    except XspectraOutputError:
        return NEW
    if np.max(np.abs(head.polarisation - polarisation)) > 1e-6:
        raise XspectraInputError(
            f"'save_folder' has {name} along {head.polarisation.round(4).tolist()}, not {polarisation.tolist()}: give "
            "the same polarisations, or leave it away"
        )
    return REPLOTTED if head.is_finished else CONTINUED


def _check_same_job(inputs: Mapping[str, Any], earlier: Any, parameters: Namelists) -> None:
    """Raise unless an earlier job's coefficients are those of this one."""
    same_lanczos(parameters, complete_parameters(earlier.parameters.get_dict()))
    mesh, old_mesh = inputs["kpoints"].get_kpoints_mesh(), earlier.kpoints.get_kpoints_mesh()
    facts = {
        "parent_folder": inputs["parent_folder"].uuid == earlier.parent_folder.uuid,
        "absorber": inputs["absorber"].value == earlier.absorber.value,
        "kpoints": [list(part) for part in mesh] == [list(part) for part in old_mesh],
        "core_orbitals": inputs["core_orbitals"].base.repository.hash() == earlier.core_orbitals.base.repository.hash(),
    }
    for name, is_same in facts.items():
        if not is_same:
            raise XspectraInputError(
                f"'{name}' is not that of the job of 'save_folder': give the same, or leave it away"
            )


def _check_convergence(job: orm.CalcJobNode) -> None:
    """Raise when the parent itself says that it is not self-consistent."""
    found = _output_parameters(job)
    if not found.get("convergence_info", {}).get("scf_conv", {}).get("convergence_achieved", True):
        raise XspectraInputError(
            f"the charge density of the parent pw.x job {job.pk} is not converged: converge it first"
        )


def _check_kind_of_job(job: orm.CalcJobNode) -> None:
    """Raise unless the parent was of a kind that ``xspectra.x`` can read."""
    given = job.inputs.parameters.get_dict()
    calculation = given.get("CONTROL", {}).get("calculation", "scf")
    if calculation not in _SELF_CONSISTENT:
        raise XspectraInputError(f"the parent pw.x job {job.pk} is a {calculation!r} run: give the 'scf' run before it")
    settings = job.inputs.settings.get_dict() if "settings" in job.inputs else {}
    if any(key.lower() == "gamma_only" and value for key, value in settings.items()):
        raise XspectraInputError(
            f"the parent pw.x job {job.pk} used the Gamma-point tricks ('gamma_only'), with which xspectra.x cannot "
            "work: run it with the mesh 1 1 1 instead"
        )
    if given.get("SYSTEM", {}).get("noncolin"):
        raise XspectraInputError(f"the parent pw.x job {job.pk} is not collinear: xspectra.x knows nspin 1 and 2 only")


def _output_parameters(job: orm.CalcJobNode) -> dict[str, Any]:
    """Return what a ``pw.x`` job has put out, empty when that is nothing."""
    return dict(job.outputs.output_parameters.get_dict()) if "output_parameters" in job.outputs else {}


def _text(folder: orm.FolderData, name: str) -> str:
    return folder.base.repository.get_object_content(name, mode="rb").decode("latin-1")
