"""LAMMPS as an engine: one job for a whole batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from plumpy import PortNamespace

from aiida_gbml.calculations.fail_unreached import fail_unreached
from aiida_gbml.calculations.lammps import LammpsCalculation, validate_lammps
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.lammps import LammpsPotential
from aiida_gbml.workflows.evaluation.base import EvaluationWorkChain
from aiida_gbml.workflows.evaluation.failure import failure_of
from aiida_gbml.workflows.fan_out import Launch

_MOST_FRUITLESS = 2


class LammpsEvaluationWorkChain(EvaluationWorkChain):
    """Evaluate a set of structures with LAMMPS, in one job when nothing goes wrong.

    A job that crashes or is killed leaves the rows it has done; the next job does the others. The row at which LAMMPS
    stopped has failed: at once when LAMMPS says why; at the second time, as a fault of the machine, when it was killed.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare the ports of LAMMPS, the outline and the exit codes."""
        super().define(spec)
        shared = ("structures", "previous", "mode", "constraints")
        spec.expose_inputs(LammpsCalculation, namespace="lammps", exclude=shared)
        spec.input(
            "max_attempts",
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Int(10),
            validator=_validate_attempts,
            help="Most jobs for one set (a number), the first included; rows they do not reach have failed.",
        )
        spec.inputs.validator = _validate_inputs
        spec.outline(while_(cls.should_run_lammps)(cls.run_lammps), cls.attach_results)
        spec.exit_code(
            420,
            "ERROR_POTENTIAL_REFUSED",
            message="LAMMPS did not accept the potential, no row was evaluated: {reason}",
        )

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "lammps.yaml"

    @classmethod
    def get_builder_from_protocol(
        cls,
        code: orm.AbstractCode,
        structures: StructureSetData | None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        potential_files: Sequence[orm.SinglefileData] = (),
        potential: Mapping[str, Any] | None = None,
        mode: str = "relax",
        constraints: Mapping[str, str] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param code: LAMMPS.
        :param structures: the structures to evaluate; none to set them later.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol, as nested as the inputs; absolute.
        :param potential_files: the files that the potential reads.
        :param potential: fields of `LammpsPotential`; not needed for one file whose suffix tells.
        :param mode: 'static' or 'relax'.
        :param constraints: what may relax, see the input of that name; by default the atoms.
        :raises ValueError: for a protocol that is not known, or a potential that cannot be told from its file.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        if potential is None:
            if len(potential_files) != 1:
                raise ValueError(
                    "which potential? LAMMPS needs one potential file, such as Cu_mishin1.eam.alloy, or the fields of "
                    f"one; got {len(potential_files)} files"
                )
            potential = LammpsPotential.from_file_name(potential_files[0].filename).to_dict()
        options = settings["lammps"]["metadata"]["options"]
        scheduler = code.computer.scheduler_type if code.computer is not None else ""
        builder = cls.get_builder()
        if structures is not None:
            builder.structures = structures
        builder.mode = orm.Str(mode)
        builder.constraints = orm.Dict({"atoms": "free", "cell": "fixed", **(constraints or {})})
        builder.max_failed_fraction = orm.Float(settings["max_failed_fraction"])
        builder.max_attempts = orm.Int(settings["max_attempts"])
        builder["lammps"] = {
            "code": code,
            "potential": orm.Dict(dict(potential)),
            "potential_files": {f"file_{i}": node for i, node in enumerate(potential_files)},
            "parameters": orm.Dict(settings["lammps"]["parameters"]),
            "metadata": {"options": cls.set_default_resources(options, scheduler)},
        }
        return builder

    @classmethod
    def level_of_theory(cls, inputs: Mapping[str, Any]) -> str:
        """Return the pair style and the names of the potential files."""
        potential = LammpsPotential.from_dict(inputs["lammps"]["potential"].get_dict())
        return " ".join([potential.style, *potential.files])

    def should_run_lammps(self) -> bool:
        """Go on while rows are left, attempts are left, and one of the last two attempts came further."""
        attempts = self._finished_attempts()
        if not attempts:
            return True
        if attempts[-1].exit_status == LammpsCalculation.exit_codes.ERROR_POTENTIAL_REFUSED.status:
            return False
        fruitless = [_evaluated(attempt) is None for attempt in attempts[-_MOST_FRUITLESS:]]
        return (
            _n_left(self._latest()) != 0
            and len(attempts) < self.inputs.max_attempts.value
            and not (len(fruitless) == _MOST_FRUITLESS and all(fruitless))
        )

    def run_lammps(self) -> None:
        """Launch one job for all rows that are left."""
        number = len(self._finished_attempts())
        self.fan_out([f"attempt_{number:02d}"], self._build_attempt, max_concurrent=1)

    def attach_results(self) -> ExitCode | None:
        """Attach the evaluated rows; those that no job reached have failed."""
        last, evaluated = self._finished_attempts()[-1], self._latest()
        reason = last.exit_message or failure_of(last)["reason"]
        if last.exit_status == LammpsCalculation.exit_codes.ERROR_POTENTIAL_REFUSED.status:
            code: ExitCode = self.exit_codes.ERROR_POTENTIAL_REFUSED
            return code.format(reason=reason)
        if evaluated is None or _n_left(evaluated):
            given = {"structures": self.inputs.structures} | ({} if evaluated is None else {"evaluated": evaluated})
            failure = orm.Dict({"reason": f"not reached: {reason}", "calculation_uuid": last.uuid})
            closed = self.call_once("fail_unreached", fail_unreached, failure=failure, **given)
            if isinstance(closed, ExitCode):
                return closed
            evaluated = cast("StructureSetData", closed["evaluated"])
        return self.conclude(evaluated)

    def _build_attempt(self, _: str) -> Launch:
        """Return the job for the rows that are left."""
        inputs = self.exposed_inputs(LammpsCalculation, namespace="lammps", agglomerate=False)
        shared = {name: self.inputs[name] for name in ("structures", "mode", "constraints")}
        previous = self._latest()
        return LammpsCalculation, {**inputs, **shared, **({} if previous is None else {"previous": previous})}

    def _finished_attempts(self) -> list[orm.ProcessNode]:
        return [node for node in self.children("attempt_").values() if node.is_terminated]

    def _latest(self) -> StructureSetData | None:
        """Return the output of the last job that has one."""
        outputs = [_evaluated(attempt) for attempt in self._finished_attempts()]
        return next((output for output in reversed(outputs) if output is not None), None)


def _evaluated(attempt: orm.ProcessNode) -> StructureSetData | None:
    return attempt.outputs.evaluated if "evaluated" in attempt.outputs else None


def _n_left(evaluated: StructureSetData | None) -> int:
    """Return how many rows of a set are still new; -1 when there is no set."""
    if evaluated is None:
        return -1
    attributes = evaluated.base.attributes
    return int(attributes.get("n_structures") - attributes.get("n_ok") - attributes.get("n_failed"))


def _validate_attempts(attempts: orm.Int | None, _: PortNamespace) -> str | None:
    if attempts is not None and attempts.value < 1:
        return f"the number of attempts is {attempts.value}, expected at least 1"
    return None


def _validate_inputs(inputs: Mapping[str, Any], port: PortNamespace) -> str | None:
    """Return what is wrong with how structures, constraints and potential fit each other."""
    shared = {name: inputs.get(name) for name in ("structures", "mode", "constraints")}
    return validate_lammps({**inputs.get("lammps", {}), **shared}, port)
