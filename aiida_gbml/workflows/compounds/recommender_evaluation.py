"""How good recommenders are, judged by compositions that they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.calculations.plan_evaluation import plan_evaluation
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.workflows.compounds import recommender_evaluation_ports as ports
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.fan_out import FanOut
from aiida_gbml.workflows.protocol import refuse_unknown, setting_node
from aiida_gbml.workflows.worker import worker_inputs, worker_job

_NODES = {"space": orm.Dict, "models": orm.List, "split": orm.Dict, "settings": orm.Dict}
_OUTPUTS = {"report": "core.dict", "curves": "core.array"}


class RecommenderEvaluationWorkChain(ProtocolMixin, FanOut):
    """Judge recommenders by what they find among compositions that they have not seen.

    What is to be found is a part of the known compositions, the latest or a random one, or a second database. A
    composition is never on both sides: what is known already is taken out of the later ones and counted.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        ports.define_exit_codes(spec)
        spec.outline(cls.prepare_parameters, cls.run_evaluation, cls.results)

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "recommender_evaluation.yaml"

    @classmethod
    def get_builder_from_protocol(
        cls,
        worker: orm.AbstractCode,
        known: CompositionSetData,
        *,
        later: CompositionSetData | None = None,
        split: Mapping[str, Any] | None = None,
        ions: IonTableData | None = None,
        models: Sequence[Any] | None = None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param worker: code of a Python with aiida_gbml.science.
        :param known: compositions that the models learn from, or all of them where there is a split.
        :param later: compositions of a second database, to be found.
        :param split: `kind` chronological with `cutoff`, or holdout with `fraction` and `seed`; by default, without
            `later`, that of the protocol.
        :param ions: elements and charges; the project's own table by default.
        :param models: kinds of recommenders, or mappings with `kind`, `settings` and `label`.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :param options: of the scheduler.
        :raises ValueError: for a protocol or an override that is not known.
        """
        inputs = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        refuse_unknown(inputs, _NODES)
        builder: ProcessBuilder = cls.get_builder()
        builder.known = known
        if later is not None:
            builder.later = later
            del inputs["split"]
        builder.ions = IonTableData(IonTable.default()) if ions is None else ions
        given = {"split": None if split is None else dict(split), "models": None if models is None else list(models)}
        for name, value in inputs.items():
            builder[name] = setting_node(name, _NODES[name], given.get(name) or value)
        builder.worker = worker_inputs(worker, options)
        return builder

    def prepare_parameters(self) -> ExitCode | None:
        """Collect what the task is told."""
        names = [name for name in ("space", "ions", "models", "split", "settings") if name in self.inputs]
        outputs = self.call_once("plan", plan_evaluation, **{name: self.inputs[name] for name in names})
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_NO_CANDIDATE", reason=outputs.message)
        self.ctx.parameters = outputs["parameters"]
        return None

    def run_evaluation(self) -> None:
        """Fit and judge the models as a job of the worker."""
        archives = {name: self.inputs[name] for name in ("known", "later") if name in self.inputs}
        task = "compounds.evaluate_recommender"
        job = worker_job(self.inputs.worker, task, archives, self.ctx.parameters, _OUTPUTS)
        self.fan_out(["evaluate"], lambda _: job, max_concurrent=1)

    def results(self) -> ExitCode | None:
        """Attach what was found, or end."""
        child = self.children("evaluate")["evaluate"]
        if not child.is_finished_ok:
            reason = reason_of(child)
            if "known already" in reason:
                return self._exit("ERROR_LEAKAGE", reason=reason)
            return self._exit("ERROR_EVALUATION_FAILED", pk=child.pk, reason=reason)
        for name in _OUTPUTS:
            self.out(name, child.outputs.results[name])
        return None
