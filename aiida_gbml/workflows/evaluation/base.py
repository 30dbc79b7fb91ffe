"""The interface of every engine: many structures in, as many labels out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ExitCode
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.modes import ATOM_CONSTRAINTS, CELL_CONSTRAINTS, MODES
from aiida_gbml.science.structure_set import FAILED
from aiida_gbml.workflows.fan_out import FanOut
from aiida_gbml.workflows.validators import validate_fraction

_CONSTRAINTS = {"atoms": ATOM_CONSTRAINTS, "cell": CELL_CONSTRAINTS}


class EvaluationWorkChain(ProtocolMixin, FanOut):
    """Evaluate a set of structures with one engine; a structure that fails is a failed row, not the end.

    A subclass adds the inputs of its engine, makes ``get_builder_from_protocol(code, structures, ...)``, and ends with
    ``return self.conclude(evaluated)``.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare the ports and exit codes that all engines share."""
        super().define(spec)
        spec.input("structures", valid_type=StructureSetData, help="The n structures to evaluate; cells in Å.")
        spec.input(
            "mode",
            valid_type=orm.Str,
            serializer=orm.to_aiida_type,
            validator=validate_mode,
            help="'static', or 'relax' to find the nearest minimum of the energy first.",
        )
        spec.input(
            "constraints",
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Dict({"atoms": "free", "cell": "fixed"}),
            validator=validate_constraints,
            help="What may relax: 'atoms' free or normal (along the normal of a and b only), 'cell' fixed, normal "
            "(its height only), isotropic or free. An atom column `fixed` (N, 3) holds single coordinates as well.",
        )
        spec.input(
            "max_failed_fraction",
            valid_type=orm.Float,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Float(1.0),
            validator=validate_fraction,
            help="Largest fraction (0 to 1) of failed structures that is no failure of the whole.",
        )
        spec.output(
            "evaluated",
            valid_type=StructureSetData,
            help="The same rows in the same order, relaxed if wanted, with their input columns and `energy` (eV), "
            "`status` ('ok' or 'failed'), `reason`, `calculation_uuid`, and the atom column `forces` (eV/Å). Where "
            "`machine_fault` is there and True, the machine failed and nothing is known of the structure.",
        )
        spec.exit_code(
            410,
            "ERROR_TOO_MANY_FAILED",
            message="{n_failed} of {n_structures} structures failed, the first because: {reason}. All rows are in the "
            "output `evaluated`; mend the cause, or raise `max_failed_fraction`.",
        )

    @classmethod
    def level_of_theory(cls, inputs: Mapping[str, Any]) -> str:
        """Return in words what an evaluation with these inputs computes, for summaries.

        :param inputs: those of a builder, of which the structures may be missing.
        """
        raise NotImplementedError

    def conclude(self, evaluated: StructureSetData) -> ExitCode | None:
        """Attach the evaluated set, report in one line, and return an exit code when too many rows failed.

        :param evaluated: rows that are all 'ok' or 'failed'.
        """
        self.out("evaluated", evaluated)
        structures = evaluated.structures
        failed = structures.rows(FAILED)
        self.report(f"{len(structures) - len(failed)} of {len(structures)} structures evaluated, {len(failed)} failed")
        if len(failed) <= self.inputs.max_failed_fraction.value * len(structures):
            return None
        code: ExitCode = self.exit_codes.ERROR_TOO_MANY_FAILED
        reason = structures.columns["reason"][failed[0]]
        return code.format(n_failed=str(len(failed)), n_structures=str(len(structures)), reason=reason)


def validate_mode(mode: orm.Str | None, _: Any) -> str | None:
    """Return what is wrong with a mode."""
    if mode is not None and mode.value not in MODES:
        return f"the mode is {mode.value!r}, expected one of {', '.join(MODES)}"
    return None


def validate_constraints(constraints: orm.Dict | None, _: Any) -> str | None:
    """Return what is wrong with the constraints of a relaxation."""
    for name, value in (constraints.get_dict() if constraints is not None else {}).items():
        if name not in _CONSTRAINTS:
            return f"there is no constraint {name!r}, expected one of {', '.join(_CONSTRAINTS)}"
        if value not in _CONSTRAINTS[name]:
            return f"the constraint {name!r} is {value!r}, expected one of {', '.join(_CONSTRAINTS[name])}"
    return None
