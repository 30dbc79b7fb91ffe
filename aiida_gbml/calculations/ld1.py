"""The job that makes one pseudopotential of a recipe, or tests one from elsewhere in the same atom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common import CalcInfo, CodeInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJob, CalcJobProcessSpec, PortNamespace
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.science.engines.ld1 import ALL_ELECTRON_DERIVATIVES, PSEUDO_DERIVATIVES
from aiida_gbml.science.engines.upf import read_upf
from aiida_gbml.science.spectra.atom_test import TESTED, atom_test_text
from aiida_gbml.science.spectra.recipes import REMOVED, Recipe


class Ld1Calculation(CalcJob):
    """Generate the pseudopotential of a recipe with ``ld1.x``, with or without a core hole; it takes about a second.

    A pseudopotential from elsewhere is tested in the same atom, if ``ld1.x`` can read it (UPF version 2).
    """

    CACHE_VERSION: int | None = 1

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Declare ports and exit codes."""
        super().define(spec)
        spec.input("code", valid_type=orm.AbstractCode, help="`ld1.x` of Quantum ESPRESSO, 6.7 or later.")
        spec.input(
            "recipe",
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            help="Fields of a `Recipe`: configuration, radii in bohr, energies in Ry.",
        )
        spec.input("shell", valid_type=orm.Str, serializer=orm.to_aiida_type, help="Shell of the hole: '1s' or '2p'.")
        spec.input("hole", valid_type=orm.Str, serializer=orm.to_aiida_type, help="'none', 'half' or 'full'.")
        spec.input(
            "pseudo",
            valid_type=UpfData,
            required=False,
            help="A dataset that is tested in the atom of the recipe, instead of making one.",
        )
        options: Any = spec.inputs["metadata"]["options"]
        options["parser_name"].default = "gbml.ld1"
        options["resources"].default = {"num_machines": 1, "num_mpiprocs_per_machine": 1}
        options["withmpi"].default = False
        options["input_filename"].default = "ld1.in"
        options["output_filename"].default = "ld1.out"
        spec.inputs.validator = validate_ld1
        _define_outputs(spec)
        _define_exit_codes(spec)

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:
        """Write the recipe as the input of ``ld1.x``."""
        options = self.inputs.metadata.options
        with folder.open(options.input_filename, "w", encoding="ascii") as handle:
            handle.write(_input_text(self.inputs))
        code_info = CodeInfo()
        code_info.code_uuid = self.inputs.code.uuid
        code_info.stdin_name = options.input_filename
        code_info.stdout_name = options.output_filename
        info = CalcInfo()
        info.codes_info = [code_info]
        info.retrieve_list = [options.output_filename, ALL_ELECTRON_DERIVATIVES, PSEUDO_DERIVATIVES]
        if "pseudo" in self.inputs:
            info.local_copy_list = [(self.inputs.pseudo.uuid, self.inputs.pseudo.filename, TESTED)]
        else:
            info.retrieve_list.append(_pseudo_filename(self.inputs))
        return info


def validate_ld1(inputs: Mapping[str, Any], _: PortNamespace | None = None) -> str | None:
    """Return why a recipe cannot be written with the hole that is asked for."""
    if any(inputs.get(name) is None for name in ("recipe", "shell", "hole")):
        return None  # the ports themselves say what is missing
    try:
        _input_text(inputs)
    except ValueError as exception:
        return str(exception)
    return None


def _input_text(inputs: Mapping[str, Any]) -> str:
    recipe = Recipe.from_mapping(inputs["recipe"].get_dict())
    if inputs.get("pseudo") is not None:
        content = inputs["pseudo"].get_content(mode="rb")
        if b"<UPF" not in content:
            raise ValueError(f"ld1.x reads no datasets of UPF version 1, such as '{inputs['pseudo'].filename}'")
        return atom_test_text(recipe, inputs["shell"].value, inputs["hole"].value, read_upf(content))
    if inputs["hole"].value not in REMOVED:
        raise ValueError(f"the hole is '{inputs['hole'].value}', expected one of {', '.join(REMOVED)}")
    return recipe.input_text(inputs["shell"].value, inputs["hole"].value, _pseudo_filename(inputs))


def _pseudo_filename(inputs: Mapping[str, Any]) -> str:
    recipe = Recipe.from_mapping(inputs["recipe"].get_dict())
    return recipe.pseudo_filename(inputs["shell"].value, inputs["hole"].value)


def _define_outputs(spec: CalcJobProcessSpec) -> None:
    """Declare what the parser attaches."""
    spec.output(
        "pseudo",
        valid_type=UpfData,
        required=False,
        help="The pseudopotential that was made; `CoreHoleUpfData` when it has a hole.",
    )
    spec.output(
        "output_parameters",
        valid_type=orm.Dict,
        help="`all_electron_energy_ry` and `pseudo_energy_ry` of the atom, its `levels` with energies (Ry) and "
        "occupations, `version`, `element`, `z_valence`.",
    )
    spec.output(
        "log_derivatives",
        valid_type=orm.ArrayData,
        help="`energies` (k,) in Ry, and the logarithmic derivatives `all_electron` and `pseudo` (k, n) at rlderiv, "
        "one column an angular momentum from 0.",
    )


def _define_exit_codes(spec: CalcJobProcessSpec) -> None:
    """Declare what can go wrong; another build of the program can be better, so nothing of it is cached."""
    codes = (
        (310, "ERROR_NO_OUTPUT", "ld1.x left no output: it did not start or was killed. See the scheduler's output."),
        (320, "ERROR_LD1_STOPPED", "ld1.x stopped: {reason}. Change the recipe, or do without this hole."),
        (321, "ERROR_NO_PSEUDO", "ld1.x has written no pseudopotential: look at the end of its output."),
        (322, "ERROR_PSEUDO_DAMAGED", "The pseudopotential cannot be used: {reason}. Run it again; check the disk."),
        (323, "ERROR_OUTPUT_DAMAGED", "The output of ld1.x cannot be used: {reason}. Run it again; check the disk."),
    )
    for status, label, message in codes:
        spec.exit_code(status, label, message=message, invalidates_cache=True)
