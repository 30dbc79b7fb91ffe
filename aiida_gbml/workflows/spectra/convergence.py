"""Larger cells and denser k-points until the spectrum of a site stands still."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from plumpy import PortNamespace

from aiida_gbml.calculations.judge_convergence import judge_convergence
from aiida_gbml.calculations.plan_convergence import plan_convergence
from aiida_gbml.data.spectrum import SpectrumData
from aiida_gbml.workflows.evaluation.failure import failure_of
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.spectra import validation
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain
from aiida_gbml.workflows.validators import validate_positive

STEPS = (
    {"min_distance": 6.0, "min_box": 7.0, "kpoints_distance": 0.5, "spectrum_kpoints_distance": 0.4},
    {"min_distance": 7.5, "min_box": 9.0, "kpoints_distance": 0.4, "spectrum_kpoints_distance": 0.3},
    {"min_distance": 9.0, "min_box": 11.0, "kpoints_distance": 0.35, "spectrum_kpoints_distance": 0.25},
    {"min_distance": 11.0, "min_box": 13.0, "kpoints_distance": 0.3, "spectrum_kpoints_distance": 0.2},
    {"min_distance": 13.0, "min_box": 15.0, "kpoints_distance": 0.25, "spectrum_kpoints_distance": 0.17},
)
"""Distances of images and edges of boxes in Å, and of k-points in 1/Å."""

_REPLACED = ("cell", "kpoints_distance", "spectrum_kpoints_distance", "ground_state")
_DISTANCES = ("kpoints_distance", "spectrum_kpoints_distance")


class CoreHoleConvergenceWorkChain(FanOut):
    """Repeat the spectrum of a site with larger cells and denser k-points until it changes no more.

    The measure is the largest difference of two successive spectra on the axis on which they are given, where both are
    known, in units of the higher one of their highest points; and the change of the transition energy. Cell and mesh
    grow together, so that a small change bounds the error of both.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        spec.expose_inputs(CoreHoleSpectrumWorkChain, namespace="spectrum", exclude=_REPLACED)
        _define_measure(spec)
        _define_results(spec)
        spec.outline(
            cls.setup,
            while_(cls.should_refine)(cls.run_spectrum, cls.inspect_spectrum),
            cls.results,
        )

    @classmethod
    def get_builder_from_protocol(cls, *arguments: Any, **keywords: Any) -> ProcessBuilder:
        """Return a builder whose spectra follow a protocol; the cells and k-points are those of the steps.

        :param arguments: of `CoreHoleSpectrumWorkChain.get_builder_from_protocol`.
        :param keywords: of the same.
        """
        spectrum = CoreHoleSpectrumWorkChain.get_builder_from_protocol(*arguments, **keywords)._inputs(prune=True)
        builder = cls.get_builder()
        builder.spectrum = {name: value for name, value in spectrum.items() if name not in _REPLACED}
        return builder

    def setup(self) -> ExitCode | None:
        """Find the cells and meshes of the steps, each different from the one before."""
        given = {name: self.inputs.spectrum[name] for name in ("structure", "site")}
        outputs = self.call_once(
            "plan_convergence", plan_convergence, cell=self.inputs.cell, steps=self.inputs.steps, **given
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_INVALID_STEPS", reason=outputs.message)
        self.ctx.planned = outputs
        self.ctx.n_done = 0
        self.ctx.history = None
        return None

    def should_refine(self) -> bool:
        """Go on until a step changes little, or there is none left."""
        is_converged = self.ctx.history is not None and self.ctx.history["converged"]
        return not is_converged and f"cell_{self.ctx.n_done}" in self.ctx.planned

    def run_spectrum(self) -> None:
        """Compute the spectrum of the next step."""
        self.fan_out([_label(self.ctx.n_done)], self._build_spectrum, max_concurrent=1)

    def inspect_spectrum(self) -> ExitCode | None:
        """Compare it with that of the step before."""
        step, children = self.ctx.n_done, self.children("step_")
        child = children[_label(step)]
        if "spectra" not in child.outputs:
            return self._exit("ERROR_STEP_FAILED", step=step, reason=failure_of(child)["reason"])
        spectra = {f"new_{name}": node for name, node in child.outputs.spectra.items()}
        if step:
            spectra |= {f"old_{name}": node for name, node in children[_label(step - 1)].outputs.spectra.items()}
            spectra["history"] = self.ctx.history
        numbers = {name: child.outputs[name] for name in ("plan", "energies")}
        tolerances = {name: self.inputs[name] for name in ("tolerance", "energy_tolerance")}
        outputs = self.call_once(f"judge_{step}", judge_convergence, **numbers, **tolerances, **spectra)
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_STEP_FAILED", step=step, reason=outputs.message)
        self.ctx.history = outputs["history"]
        self.ctx.n_done = step + 1
        self.report(self._progress())
        return None

    def results(self) -> ExitCode | None:
        """Attach the last spectra, those of all steps, and their history."""
        children = [self.children("step_")[_label(step)] for step in range(self.ctx.n_done)]
        self.out("history", self.ctx.history)
        self.out("energies", children[-1].outputs.energies)
        self.out("spectra", dict(children[-1].outputs.spectra.items()))
        for step, child in enumerate(children):
            self.out(f"steps.step_{step}", dict(child.outputs.spectra.items()))
        return None if self.ctx.history["converged"] else self._exit("WARNING_NOT_CONVERGED", what=self._progress())

    def _build_spectrum(self, label: str) -> Launch:
        """Return the work chain and the inputs of one step."""
        step = label.removeprefix("step_")
        inputs = self.exposed_inputs(CoreHoleSpectrumWorkChain, namespace="spectrum", agglomerate=False)
        own = {name: self.ctx.planned[f"{name}_{step}"] for name in ("cell", *_DISTANCES)}
        return CoreHoleSpectrumWorkChain, {**inputs, **own}

    def _progress(self) -> str:
        """Return in words what the last step changed."""
        last = self.ctx.history["steps"][-1]
        where = f"{last['n_atoms']} atoms, images {last['image_distance']:.1f} Å apart"
        if "spectral_change" not in last:
            return where
        shift = last["energy_change"]
        moved = "" if shift is None else f", the transition energy by {shift:.3f} eV"
        return f"{where}: the spectrum changed by {100 * last['spectral_change']:.1f} %{moved}"


def _label(step: int) -> str:
    """Return the call-link label of the spectrum of a step."""
    return f"step_{step}"


def _define_measure(spec: WorkChainSpec) -> None:
    """Declare the steps, and when they end."""
    settings: dict[str, Any] = {"serializer": orm.to_aiida_type}
    spec.input(
        "cell",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({}),
        validator=validation.validate_cell,
        help="Settings of the cell that all steps share, lengths in Å; those of a step come first.",
        **settings,
    )
    spec.input(
        "steps",
        valid_type=orm.List,
        default=lambda: orm.List(list(STEPS)),
        validator=_validate_steps,
        help="Two or more, of growing effort: `min_distance` and `min_box` (Å) or `matrix`, `kpoints_distance` and "
        "`spectrum_kpoints_distance` (1/Å).",
        **settings,
    )
    limits = (
        ("tolerance", 0.05, "Largest change of a spectrum in units of its highest point (a fraction)."),
        ("energy_tolerance", 0.1, "Largest change of the transition energy in eV."),
    )
    for name, default, words in limits:
        spec.input(
            name,
            valid_type=orm.Float,
            default=lambda value=default: orm.Float(value),
            validator=validate_positive,
            help=words,
            **settings,
        )


def _define_results(spec: WorkChainSpec) -> None:
    """Declare what comes out, and how it can end."""
    spec.output(
        "history",
        valid_type=orm.Dict,
        help="`converged`, and for each step its cell (Å), meshes, `transition_energy` (eV), `spectral_change` (a "
        "fraction) and `energy_change` (eV).",
    )
    spec.output("energies", valid_type=orm.Dict, help="What places the spectra of the last step, in eV.")
    spectra: dict[str, Any] = {"valid_type": SpectrumData, "dynamic": True}
    spec.output_namespace("spectra", help="Spectra of the last step by treatment, energies in eV.", **spectra)
    spec.output_namespace("steps", help="Spectra of all steps, by step and treatment, energies in eV.", **spectra)
    spec.exit_code(201, "ERROR_INVALID_STEPS", message="The steps cannot be computed: {reason}.")
    spec.exit_code(410, "ERROR_STEP_FAILED", message="Step {step} gave no spectrum: {reason}")
    spec.exit_code(
        501,
        "WARNING_NOT_CONVERGED",
        message="The last step was not the last one needed ({what}): give more `steps`, the finished ones are cached.",
    )


def _validate_steps(steps: orm.List, _: PortNamespace) -> str | None:
    """Refuse steps of which a spectrum cannot be computed, and fewer than two."""
    given = steps.get_list()
    if len(given) < 2:
        return f"a convergence test has two steps or more, got {len(given)}"
    for step in given:
        if not isinstance(step, dict) or not all(isinstance(step.get(name), int | float) for name in _DISTANCES):
            return f"a step has `{_DISTANCES[0]}` and `{_DISTANCES[1]}` (1/Å), got {step}"
        complaint = validation.validate_cell(
            orm.Dict({name: value for name, value in step.items() if name not in _DISTANCES}), None
        )
        if complaint:
            return complaint
        if not all(step[name] > 0 for name in _DISTANCES):
            return f"distances between k-points must be positive, got {step}"
    return None
