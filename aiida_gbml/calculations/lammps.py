"""The job that evaluates a whole batch of structures in one LAMMPS process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from aiida import orm
from aiida.common import CalcInfo, CodeInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJob, CalcJobProcessSpec, PortNamespace

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.lammps import (
    ARGUMENTS,
    LOG,
    RESULTS,
    LammpsInputError,
    LammpsPotential,
    LammpsPotentialError,
    LammpsSettings,
    check_inputs,
    setfl_elements,
    write_inputs,
)
from aiida_gbml.science.engines.lammps.potential import SETFL_STYLES
from aiida_gbml.science.structure_set import NEW, StructureSet

STDOUT = "lammps.out"


class LammpsCalculation(CalcJob):
    """Evaluate n structures one after the other in one ``lmp`` process.

    Results are written as they come: after a crash or a kill the rows that were reached are good, the others have the
    status 'new', as have those whose output is damaged: a job with the output as its input `previous` evaluates them.
    """

    CACHE_VERSION: int | None = 1

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Declare ports and exit codes."""
        super().define(spec)
        spec.input("code", valid_type=orm.AbstractCode, help="LAMMPS (`lmp`), with the packages its pair style needs.")
        _define_inputs(spec)
        _define_options(spec)
        spec.inputs.validator = validate_lammps
        spec.output(
            "evaluated",
            valid_type=StructureSetData,
            help="The rows of `structures` with `energy` (eV), `stress` (n, 3, 3) (eV/Å³, positive in tension), "
            "`converged`, `n_steps`, `status`, `reason`, `machine_fault`, `calculation_uuid`; atom columns `forces` "
            "(N, 3) (eV/Å) and `energies` (N,) (eV). Rows that were not reached have the status 'new'.",
        )
        _define_exit_codes(spec)

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:
        """Write the list of structures and the recipe, and name the potential files to copy."""
        files = write_inputs(_structures(self.inputs), _potential(self.inputs), _settings(self.inputs))
        for name, text in files.items():
            with folder.open(name, "w", encoding="ascii") as handle:
                handle.write(text)
        code_info = CodeInfo()
        code_info.code_uuid = self.inputs.code.uuid
        code_info.cmdline_params = list(ARGUMENTS)
        code_info.stdout_name = code_info.stderr_name = STDOUT
        code_info.join_files = True
        info = CalcInfo()
        info.codes_info = [code_info]
        nodes = sorted(self.inputs.get("potential_files", {}).values(), key=lambda node: node.filename)
        info.local_copy_list = [(node.uuid, node.filename, node.filename) for node in nodes]
        info.retrieve_list = [RESULTS, LOG, STDOUT]
        return info


def validate_lammps(inputs: Mapping[str, Any], _: PortNamespace) -> str | None:
    """Return what is wrong with the inputs, as far as they are given, or with how they fit each other."""
    if any(inputs.get(name) is None for name in ("potential", "mode", "constraints", "parameters")):
        return None
    try:
        potential, settings = _potential(inputs), _settings(inputs)
        elements = _check_files(potential, inputs.get("potential_files", {}))
        if inputs.get("structures") is not None:
            _check_elements(inputs["structures"], elements)
            check_inputs(_structures(inputs), potential, settings)
    except ValueError as exception:
        return str(exception)
    return None


def _potential(inputs: Mapping[str, Any]) -> LammpsPotential:
    return LammpsPotential.from_dict(inputs["potential"].get_dict())


def _settings(inputs: Mapping[str, Any]) -> LammpsSettings:
    constraints, parameters = inputs["constraints"].get_dict(), inputs["parameters"].get_dict()
    return LammpsSettings.from_dict({**constraints, **parameters, "mode": inputs["mode"].value})


def _structures(inputs: Mapping[str, Any]) -> StructureSet:
    """Return the structures to evaluate: all, or those that an earlier job did not reach."""
    structures: StructureSet = inputs["structures"].structures
    if inputs.get("previous") is None:
        return structures
    previous: StructureSet = inputs["previous"].structures
    if not np.array_equal(previous.numbers, structures.numbers) or not np.array_equal(previous.sizes, structures.sizes):
        raise LammpsInputError("the input 'previous' is no evaluation of the input 'structures'")
    return structures.take(previous.rows(NEW))


def _check_elements(structures: StructureSetData, elements: Sequence[str] | None) -> None:
    """Raise unless the potential's file has every element; without elements only LAMMPS can tell."""
    missing = sorted(set(structures.base.attributes.get("elements")) - set(elements or ()))
    if elements is not None and missing:
        raise LammpsPotentialError(f"the potential has no {missing[0]}, it is for {', '.join(elements)}")


def _check_files(potential: LammpsPotential, nodes: Mapping[str, orm.SinglefileData]) -> Sequence[str] | None:
    """Return the elements in the potential's file, none when only LAMMPS can tell.

    :raises LammpsPotentialError: when a file is missing, superfluous or not readable.
    """
    files = {node.filename: node for node in nodes.values()}
    if sorted(files) != sorted(set(potential.files)):
        raise LammpsPotentialError(
            f"the potential reads the files {sorted(set(potential.files))}, but {sorted(files)} are given"
        )
    if potential.style not in SETFL_STYLES:
        return None
    (node,) = files.values()
    return setfl_elements(node.get_content(mode="rb").decode("latin-1"))


def _define_inputs(spec: CalcJobProcessSpec) -> None:
    """Declare what is evaluated and how."""
    spec.input(
        "structures", valid_type=StructureSetData, help="The n structures to evaluate; cells and positions in Å."
    )
    spec.input(
        "previous",
        valid_type=StructureSetData,
        required=False,
        help="An interrupted evaluation of the same structures: only its rows with the status 'new' are evaluated.",
    )
    spec.input("mode", valid_type=orm.Str, serializer=orm.to_aiida_type, help="'static' or 'relax'.")
    spec.input(
        "constraints",
        valid_type=orm.Dict,
        serializer=orm.to_aiida_type,
        help="What may relax: 'atoms' free or normal, 'cell' fixed, normal, isotropic or free.",
    )
    spec.input(
        "parameters",
        valid_type=orm.Dict,
        serializer=orm.to_aiida_type,
        help="When a relaxation ends: 'force_tolerance' (eV/Å), 'stress_tolerance' (eV/Å³), 'max_steps'.",
    )
    spec.input(
        "potential",
        valid_type=orm.Dict,
        serializer=orm.to_aiida_type,
        help="'pair_style' and 'pair_coeff' in LAMMPS' words (metal units: eV, Å) with element symbols for atom types, "
        "'charges' (e) and 'kspace_style' for Coulomb styles.",
    )
    spec.input_namespace(
        "potential_files",
        valid_type=orm.SinglefileData,
        dynamic=True,
        required=False,
        help="The files that 'pair_coeff' names; their own file names count, the labels here do not.",
    )


def _define_options(spec: CalcJobProcessSpec) -> None:
    """Declare the defaults of AiiDA's own options: one serial process."""
    options: Any = spec.inputs["metadata"]["options"]
    options["parser_name"].default = "gbml.lammps"
    options["resources"].default = {"num_machines": 1, "num_mpiprocs_per_machine": 1}
    options["withmpi"].default = False
    options["environment_variables"].default = {"OMP_NUM_THREADS": "1"}


def _define_exit_codes(spec: CalcJobProcessSpec) -> None:
    """Declare what can go wrong; another run, or another build of LAMMPS, can be better, so nothing of it is cached."""
    spec.exit_code(
        310,
        "ERROR_NO_RESULTS",
        invalidates_cache=True,
        message=f"LAMMPS left no results: it did not start or was killed. See '{STDOUT}' and the scheduler's output.",
    )
    spec.exit_code(
        311,
        "ERROR_RESULTS_DAMAGED",
        invalidates_cache=True,
        message="The results are not those of one LAMMPS run: {reason}. Run it again; check the disk and the transfer.",
    )
    spec.exit_code(
        320,
        "ERROR_POTENTIAL_REFUSED",
        invalidates_cache=True,
        message="{reason}. Check that the potential's file is whole and that this LAMMPS has its pair style.",
    )
    spec.exit_code(
        510,
        "ERROR_INTERRUPTED",
        invalidates_cache=True,
        message="LAMMPS was interrupted, or its output is damaged: {n_reached} of {n_structures} structures are done. "
        "Give the output `evaluated` to another run as its input `previous`.",
    )
