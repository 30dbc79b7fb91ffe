"""The restarting ``pw.x`` work chain, with the faults of the machine handled too."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessHandlerReport, process_handler
from aiida_quantumespresso.calculations.pw import PwCalculation
from aiida_quantumespresso.common.types import RestartType
from aiida_quantumespresso.workflows.pw.base import PwBaseWorkChain

from aiida_gbml.workflows.evaluation.failure import is_machine_fault
from aiida_gbml.workflows.fan_out import FanOut

_MAX_SECONDS_AFTER_A_KILL = 0.8
"""Part of the wall time after which a job stops by itself, once the scheduler had to kill it."""


class PwRestartWorkChain(FanOut, PwBaseWorkChain):
    """Run ``pw.x`` with the error handlers of aiida-quantumespresso and with handlers for what happens to the machine.

    Each of these faults gets a bounded number of restarts from scratch: what a killed job has left behind is not
    trusted. As in every fan-out, a job is never submitted twice, also when the worker of the daemon dies.

    ====================================  =========================================================================
    out of memory (110)                   no k-point pools, then the diagonalisation that needs least, then give up
    killed at the wall time (120, 340)    rerun twice, and stop by itself early enough to leave files to restart from
    failure of a node (140)               rerun three times
    output missing or cut off, full disk  rerun once, unless ``pw.x`` blames its input (``CRASH``)
    ====================================  =========================================================================
    """

    @classmethod
    def define(cls, spec: Any) -> None:
        """Add the exit codes of the faults that came back."""
        super().define(spec)
        spec.exit_code(
            330,
            "ERROR_OUT_OF_MEMORY",
            message="The job ran out of memory whatever was tried: request more memory or more machines.",
        )
        spec.exit_code(
            331,
            "ERROR_KEEPS_BEING_INTERRUPTED",
            message="The job was interrupted {count} times ({reason}): look at the machine, then run it again.",
        )

    def setup(self) -> None:
        """Start without interruptions."""
        super().setup()
        self.ctx.interruptions = {}

    @process_handler(priority=596, exit_codes=[PwCalculation.exit_codes.ERROR_SCHEDULER_OUT_OF_MEMORY])
    def handle_out_of_memory(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Spread the wave functions over more processors, then use the thriftiest algorithm, then give up."""
        flags = dict(self.ctx.inputs.parallelization) if "parallelization" in self.ctx.inputs else {}
        electrons = self.ctx.inputs.parameters["ELECTRONS"]
        if flags.get("npool", 1) > 1:
            self.ctx.inputs.parallelization = orm.Dict({**flags, "npool": 1})
            action = "restarting without k-point pools"
        elif electrons.get("diagonalization") != "cg":
            electrons.update(diagonalization="cg", mixing_ndim=4)
            action = "restarting with conjugate gradients and a short mixing history, which need least memory"
        else:
            self.report_error_handled(calculation, "there is nothing left that saves memory, aborting")
            return ProcessHandlerReport(True, self.exit_codes.ERROR_OUT_OF_MEMORY)
        return self._restart_from_scratch(calculation, action)

    @process_handler(
        priority=595,
        exit_codes=[
            PwCalculation.exit_codes.ERROR_SCHEDULER_OUT_OF_WALLTIME,
            PwCalculation.exit_codes.ERROR_OUT_OF_WALLTIME_INTERRUPTED,
        ],
    )
    def handle_killed_at_walltime(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Let the next job stop by itself, so that it can be restarted in full by the handler of exit code 400."""
        wall_time = self.ctx.inputs.metadata.options.get("max_wallclock_seconds")
        if wall_time is not None:
            self.ctx.inputs.parameters["CONTROL"]["max_seconds"] = _MAX_SECONDS_AFTER_A_KILL * wall_time
        return self._rerun(calculation, "wall time", at_most=2)

    @process_handler(priority=594, exit_codes=[PwCalculation.exit_codes.ERROR_SCHEDULER_NODE_FAILURE])
    def handle_node_failure(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the job again, most likely on another node."""
        return self._rerun(calculation, "node failure", at_most=3)

    @process_handler(
        priority=593,
        exit_codes=[
            PwCalculation.exit_codes.ERROR_NO_RETRIEVED_FOLDER,
            PwCalculation.exit_codes.ERROR_OUTPUT_STDOUT_MISSING,
            PwCalculation.exit_codes.ERROR_OUTPUT_XML_MISSING,
            PwCalculation.exit_codes.ERROR_OUTPUT_FILES,
            PwCalculation.exit_codes.ERROR_OUTPUT_STDOUT_READ,
            PwCalculation.exit_codes.ERROR_OUTPUT_STDOUT_INCOMPLETE,
        ],
    )
    def handle_lost_output(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport | None:
        """Run the job once more: without accounting, a kill by the scheduler looks like a missing output."""
        if not is_machine_fault(calculation):
            return None  # pw.x says what is wrong with its input, which would come again
        return self._rerun(calculation, "lost output", at_most=1)

    def _rerun(self, calculation: orm.CalcJobNode, reason: str, at_most: int) -> ProcessHandlerReport:
        """Restart from scratch unless this has been done often enough for the same reason."""
        count = self.ctx.interruptions.get(reason, 0) + 1
        self.ctx.interruptions[reason] = count
        if count > at_most:
            self.report_error_handled(calculation, f"interrupted {count} times ({reason}), aborting")
            exit_code: ExitCode = self.exit_codes.ERROR_KEEPS_BEING_INTERRUPTED.format(count=count, reason=reason)
            return ProcessHandlerReport(True, exit_code)
        return self._restart_from_scratch(calculation, f"restarting from scratch ({reason} {count} of {at_most})")

    def _restart_from_scratch(self, calculation: orm.CalcJobNode, action: str) -> ProcessHandlerReport:
        self.set_restart_type(RestartType.FROM_SCRATCH)
        self.report_error_handled(calculation, action)
        return ProcessHandlerReport(True)
