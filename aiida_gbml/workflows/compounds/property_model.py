"""A model of a property of compounds, judged on compounds that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, ProcessSpec, if_
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.calculations.collect_parameters import collect_parameters
from aiida_gbml.calculations.prepare_property_fit import prepare_property_fit
from aiida_gbml.calculations.take_property import take_property
from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.workflows.compounds import property_model_ports as ports
from aiida_gbml.workflows.ending import reason_of
from aiida_gbml.workflows.fan_out import FanOut
from aiida_gbml.workflows.protocol import refuse_unknown, setting_nodes
from aiida_gbml.workflows.worker import worker_inputs, worker_job

_FIT = {"model": "gbml.model", "predictions": "core.array", "report": "core.dict"}
_PREDICTION = {"predictions": "core.array", "report": "core.dict"}
_SETTINGS = ("property", "unit", "scale", "descriptors", "model", "validation", "coverage")
_NODES: dict[str, Any] = {
    "scale": orm.Str,
    "descriptors": orm.Dict,
    "model": orm.Dict,
    "validation": orm.Dict,
    "coverage": orm.Float,
}


class PropertyModelWorkChain(ProtocolMixin, FanOut):
    """Learn a property of compounds from their descriptors, and say how far it can be trusted.

    The model is fitted to all compounds with a value. How good it is follows from folds that hold whole chemical
    systems: each prediction that is reported was made without any compound of the same elements. Its intervals are
    conformal. With ``predict`` the property of other compounds is predicted as well.
    """

    @classmethod
    def define(cls, spec: ProcessSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        ports.define_inputs(spec)
        ports.define_outputs(spec)
        ports.define_exit_codes(spec)
        spec.outline(
            cls.prepare_targets,
            cls.prepare_parameters,
            cls.run_fit,
            cls.inspect_fit,
            if_(cls.should_predict)(cls.run_prediction, cls.inspect_prediction),
            cls.results,
        )

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "property_model.yaml"

    @classmethod
    def get_builder_from_protocol(
        cls,
        worker: orm.AbstractCode,
        compounds: ArchiveData,
        property_name: str,
        *,
        unit: str = "",
        targets: ArchiveData | None = None,
        predict: ArchiveData | None = None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param worker: code of a Python with aiida_gbml.science.
        :param compounds: a set of structures or of compositions.
        :param property_name: of the property; without ``targets`` a column of the structures.
        :param unit: of the property.
        :param targets: the value of each compound.
        :param predict: other compounds whose property is wanted.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :param options: of the scheduler.
        :raises ValueError: for a protocol or an override that is not known.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        refuse_unknown(settings, _NODES)
        builder: ProcessBuilder = cls.get_builder()
        builder[ports.kind_of(compounds)] = compounds
        if targets is not None:
            builder.targets = targets
        builder.property = orm.Str(property_name)
        builder.unit = orm.Str(unit)
        for name, node in setting_nodes(cls.spec().inputs, settings, _NODES).items():
            builder[name] = node
        if predict is not None:
            builder.predict = {ports.kind_of(predict): predict}
        builder.worker = worker_inputs(worker, options)
        return builder

    def prepare_targets(self) -> ExitCode | None:
        """Take the values that are given, or those of a column of the structures."""
        self.ctx.kind = "structures" if "structures" in self.inputs else "compositions"
        if "targets" in self.inputs:
            self.ctx.targets = self.inputs.targets
            return None
        references = {"references": self.inputs.references} if "references" in self.inputs else {}
        outputs = self.call_once(
            "take_property",
            take_property,
            structures=self.inputs.structures,
            property_name=self.inputs.property,
            **references,
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_NO_TARGETS", reason=outputs.message)
        self.ctx.targets = outputs["targets"]
        return None

    def prepare_parameters(self) -> ExitCode | None:
        """Collect the parameters of the fit with the nodes of the training data."""
        settings = {name: self.inputs[name] for name in _SETTINGS if name in self.inputs}
        compounds = self.inputs[self.ctx.kind]
        outputs = self.call_once(
            "prepare_fit", prepare_property_fit, compounds=compounds, targets=self.ctx.targets, **settings
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_NO_TARGETS", reason=outputs.message)
        self.ctx.parameters = outputs["parameters"]
        return None

    def run_fit(self) -> None:
        """Validate and fit the model as a job of the worker."""
        archives = {self.ctx.kind: self.inputs[self.ctx.kind], "targets": self.ctx.targets}
        job = worker_job(self.inputs.worker, "compounds.fit_property", archives, self.ctx.parameters, _FIT)
        self.fan_out(["fit"], lambda _: job, max_concurrent=1)

    def inspect_fit(self) -> ExitCode | None:
        """Keep the model, or end."""
        child = self.children("fit")["fit"]
        if not child.is_finished_ok:
            return self._exit("ERROR_FIT_FAILED", pk=child.pk, reason=reason_of(child))
        results = child.outputs.results
        self.ctx.model, self.ctx.predictions, self.ctx.fit_report = results.model, results.predictions, results.report
        self.report(_verdict(results.report.get_dict()))
        return None

    def should_predict(self) -> bool:
        """Predict when other compounds are given."""
        return bool(self.inputs.get("predict"))

    def run_prediction(self) -> None:
        """Predict the property of the other compounds as a job of the worker."""
        coverage = {"coverage": self.inputs.coverage} if "coverage" in self.inputs else {}
        parameters = self.call_once("prepare_prediction", collect_parameters, **coverage)["parameters"]
        archives = {**self.inputs.predict, "model": self.ctx.model}
        job = worker_job(self.inputs.worker, "compounds.predict_property", archives, parameters, _PREDICTION)
        self.fan_out(["predict"], lambda _: job, max_concurrent=1)

    def inspect_prediction(self) -> None:
        """Keep the predictions, if there are any."""
        child = self.children("predict")["predict"]
        self.ctx.not_predicted = None if child.is_finished_ok else reason_of(child)
        if child.is_finished_ok:
            self.out("predicted", child.outputs.results.predictions)
            self.out("predicted_report", child.outputs.results.report)

    def results(self) -> ExitCode | None:
        """Attach the outputs and say what is to be said against them."""
        self.out("model", self.ctx.model)
        self.out("predictions", self.ctx.predictions)
        self.out("report", self.ctx.fit_report)
        report = self.ctx.fit_report.get_dict()
        if self.ctx.get("not_predicted"):
            return self._exit("ERROR_PREDICTION_FAILED", reason=self.ctx.not_predicted)
        if report["rmse"] >= report["rmse_of_mean"]:
            error = f"{report['rmse']:.3g} {report['error_unit']}"
            return self._exit("WARNING_NOTHING_LEARNED", error=error, mean=f"{report['rmse_of_mean']:.3g}")
        if abs(report["coverage"] - report["nominal_coverage"]) > ports.coverage_room(report):
            found, nominal = f"{100 * report['coverage']:.1f}", f"{100 * report['nominal_coverage']:.0f}"
            return self._exit("WARNING_COVERAGE", found=found, nominal=nominal)
        return None


def _verdict(report: Mapping[str, Any]) -> str:
    """Return how good a model is, in one line."""
    unit = report["error_unit"]
    return (
        f"{report['n']} compounds in {report['n_groups']} groups: rmse {report['rmse']:.4g} {unit}, "
        f"mae {report['mae']:.4g} {unit}, of the mean {report['rmse_of_mean']:.4g} {unit}; "
        f"{100 * report['nominal_coverage']:.0f} % intervals hold {100 * report['coverage']:.1f} %"
    )
