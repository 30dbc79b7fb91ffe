"""The restarting ``xspectra.x`` work chain: wall time, faults of the machine, and Lanczos chains that end too early."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import BaseRestartWorkChain, ExitCode, ProcessHandlerReport, process_handler, while_

from aiida_gbml.calculations.extend_lanczos import extend_lanczos
from aiida_gbml.calculations.xspectra import XspectraCalculation
from aiida_gbml.workflows.fan_out import FanOut


class XspectraRestartWorkChain(FanOut, BaseRestartWorkChain):
    """Run ``xspectra.x`` until the spectra of all polarisations are there.

    ====================================  =========================================================================
    time limit (510)                      go on from the Lanczos coefficients, as long as there is progress
    killed at the wall time (120)         the same; what was written to the end counts
    failure of a node (140)               the same, three times
    output missing or cut off             the same, once
    accuracy not reached (501)            once from scratch with twice the iterations, then a warning in the results
    ====================================  =========================================================================
    """

    _process_class = XspectraCalculation  # type: ignore[mutable-override]

    @classmethod
    def define(cls, spec: Any) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        spec.expose_inputs(XspectraCalculation, namespace="xspectra")
        spec.expose_outputs(XspectraCalculation)
        spec.outline(cls.setup, while_(cls.should_run_process)(cls.run_process, cls.inspect_process), cls.results)
        spec.exit_code(
            331,
            "ERROR_KEEPS_BEING_INTERRUPTED",
            message="The job was interrupted {count} times ({reason}): look at the machine or give it more wall time, "
            "then run it again.",
        )

    def setup(self) -> None:
        """Start with the inputs as they are, without interruptions."""
        super().setup()
        self.ctx.inputs = self.exposed_inputs(XspectraCalculation, "xspectra")
        self.ctx.interruptions = {}
        self.ctx.is_extended = False

    @process_handler(priority=600, exit_codes=[XspectraCalculation.exit_codes.ERROR_INTERRUPTED])
    def handle_time_limit(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Go on with the Lanczos chains that are left; the number of jobs is bounded by `max_iterations`."""
        made = sum(calculation.outputs.output_parameters.get_dict()["lanczos_chains"])
        if made <= self.ctx.interruptions.get("chains", 0):
            return self._give_up(calculation, "no Lanczos chain fits into the time limit", 1)
        self.ctx.interruptions["chains"] = made
        return self._go_on(calculation, "going on from the Lanczos coefficients")

    @process_handler(priority=595, exit_codes=[XspectraCalculation.exit_codes.ERROR_SCHEDULER_OUT_OF_WALLTIME])
    def handle_killed_at_walltime(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Go on: the time limit of the runs leaves a fifth of the wall time, a kill means that plotting was slow."""
        return self._rerun(calculation, "wall time", at_most=2)

    @process_handler(priority=594, exit_codes=[XspectraCalculation.exit_codes.ERROR_SCHEDULER_NODE_FAILURE])
    def handle_node_failure(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the job again, most likely on another node."""
        return self._rerun(calculation, "node failure", at_most=3)

    @process_handler(
        priority=593,
        exit_codes=[
            XspectraCalculation.exit_codes.ERROR_NO_RETRIEVED_FOLDER,
            XspectraCalculation.exit_codes.ERROR_OUTPUT_STDOUT_MISSING,
            XspectraCalculation.exit_codes.ERROR_OUTPUT_STDOUT_INCOMPLETE,
        ],
    )
    def handle_lost_output(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the job once more: without accounting, a kill by the scheduler looks like a missing output."""
        return self._rerun(calculation, "lost output", at_most=1)

    @process_handler(priority=500, exit_codes=[XspectraCalculation.exit_codes.WARNING_LANCZOS_NOT_CONVERGED])
    def handle_lanczos(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Allow twice the iterations, once; after that the spectra stand with a warning."""
        if self.ctx.is_extended:
            self.ctx.is_finished = True
            self.report_error_handled(calculation, "accepting the spectra, with a warning in `output_parameters`")
            return ProcessHandlerReport(True, ExitCode(0))
        extended = self.call_once("extend_lanczos", extend_lanczos, parameters=self.ctx.inputs.parameters)
        if isinstance(extended, ExitCode):
            return ProcessHandlerReport(True, extended)
        self.ctx.inputs.parameters = extended["parameters"]
        self.ctx.inputs.pop("save_folder", None)
        self.ctx.is_extended = True
        self.report_error_handled(calculation, "starting again with twice the Lanczos iterations")
        return ProcessHandlerReport(True)

    def report_error_handled(self, calculation: orm.CalcJobNode, action: str) -> None:
        """Report what is done about a job that did not end well."""
        self.report(f"{calculation.process_label}<{calculation.pk}> ended with {calculation.exit_status}: {action}")

    def _rerun(self, calculation: orm.CalcJobNode, reason: str, at_most: int) -> ProcessHandlerReport:
        """Go on unless this has been done often enough for the same reason."""
        count = self.ctx.interruptions.get(reason, 0) + 1
        self.ctx.interruptions[reason] = count
        if count > at_most:
            return self._give_up(calculation, reason, count)
        return self._go_on(calculation, f"going on from what was saved ({reason} {count} of {at_most})")

    def _go_on(self, calculation: orm.CalcJobNode, action: str) -> ProcessHandlerReport:
        """Use the files of a job for the next one, where it has left any."""
        if "retrieved" in calculation.outputs:
            self.ctx.inputs.save_folder = calculation.outputs.retrieved
        self.report_error_handled(calculation, action)
        return ProcessHandlerReport(True)

    def _give_up(self, calculation: orm.CalcJobNode, reason: str, count: int) -> ProcessHandlerReport:
        """Say that interruptions do not end."""
        self.report_error_handled(calculation, f"interrupted {count} times ({reason}), aborting")
        exit_code: ExitCode = self.exit_codes.ERROR_KEEPS_BEING_INTERRUPTED.format(count=str(count), reason=reason)
        return ProcessHandlerReport(True, exit_code)
