"""From LAMMPS' results to the evaluated set."""

from __future__ import annotations

from typing import Any

from aiida.engine import ExitCode

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.parsers.file_parser import FileParser
from aiida_gbml.science.engines.lammps import (
    LOG,
    RESULTS,
    LammpsOutputError,
    LammpsSettings,
    LammpsSetupError,
    read_outputs,
)
from aiida_gbml.science.structure_set import NEW, StructureSet, put_rows


class LammpsParser(FileParser):
    """Attach the rows whose output confirms itself; failed rows and those not reached say so."""

    CACHE_VERSION: int | None = 2

    def parse(self, **_: Any) -> ExitCode | None:
        """Return an exit code unless every structure was reached."""
        results, log = self._content(RESULTS), self._content(LOG)
        try:
            evaluated = self._evaluated(results, log)
        except LammpsSetupError as exception:
            return self._exit("ERROR_POTENTIAL_REFUSED", reason=str(exception))
        except LammpsOutputError as exception:
            # What the scheduler has said already (out of memory, walltime) says more than that a file is missing.
            label = "ERROR_RESULTS_DAMAGED" if results else "ERROR_NO_RESULTS"
            return None if self.node.exit_status else self._exit(label, reason=str(exception))
        self.out("evaluated", StructureSetData(evaluated))
        n_left = len(evaluated.rows(NEW))
        if not n_left:
            return ExitCode(0)
        n_reached, n_structures = str(len(evaluated) - n_left), str(len(evaluated))
        return (
            None
            if self.node.exit_status
            else self._exit("ERROR_INTERRUPTED", n_reached=n_reached, n_structures=n_structures)
        )

    def _evaluated(self, results: bytes, log: bytes) -> StructureSet:
        """Return all rows, those of an earlier job included."""
        inputs = self.node.inputs
        constraints, parameters = inputs.constraints.get_dict(), inputs.parameters.get_dict()
        settings = LammpsSettings.from_dict({**constraints, **parameters, "mode": inputs.mode.value})
        structures: StructureSet = inputs.structures.structures
        if "previous" not in inputs:
            return self._labelled(read_outputs(structures, settings, results, log))
        previous: StructureSet = inputs.previous.structures
        rows = previous.rows(NEW)
        part = read_outputs(structures.take(rows), settings, results, log, is_retry=True)
        return put_rows(previous, rows, self._labelled(part))

    def _labelled(self, evaluated: StructureSet) -> StructureSet:
        """Return a set whose rows know the job that evaluated them."""
        return evaluated.with_columns(calculation_uuid=[self.node.uuid] * len(evaluated))
