"""Inputs and outputs of the search for a grain boundary."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.calculations.worker import WorkerCalculation
from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.interface import InterfaceData
from aiida_gbml.data.model import ModelData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.interfaces import validation


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what a search is told."""
    spec.input("structure", valid_type=orm.StructureData, help="Bulk crystal, any cell of it; lengths in Å.")
    spec.input(
        "boundary",
        valid_type=orm.Dict,
        validator=validation.validate_boundary,
        help="Which boundary: `axis` and `plane` (three integers each, in the frame of the lower grain) with either "
        "`sigma` (dimensionless) or `angle` (degrees).",
    )
    spec.input(
        "space",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({}),
        validator=validation.validate_space,
        help="Which candidates: fields of `SearchSpace`, lengths in Å.",
    )
    spec.input(
        "strategy",
        valid_type=orm.Dict,
        validator=validation.validate_strategy,
        help="How to search: `method` (kriging, random, exhaustive) and fields of `KrigingSettings`, such as "
        "`acquisition` and `regret_tolerance` (J/m²).",
    )
    _define_engine(spec, "engine", "Engine that evaluates the candidates")
    _define_engine(spec, "verification", "Engine that verifies the most stable basins at the end", required=False)
    spec.input(
        "verification.n_basins",
        valid_type=orm.Int,
        default=lambda: orm.Int(3),
        validator=validation.validate_positive,
        help="How many distinct basins the second engine relaxes (dimensionless).",
    )
    spec.input(
        "bulk.mode", valid_type=orm.Str, default=lambda: orm.Str("relax"), help="`relax` or `static`, for the crystal."
    )
    spec.input(
        "bulk.constraints",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"atoms": "free", "cell": "isotropic"}),
        help="What may move in the crystal; `cell: fixed` keeps the lattice constant that was given.",
    )
    spec.expose_inputs(
        WorkerCalculation,
        namespace="worker",
        exclude=("arrays", "parameters"),
        namespace_options={
            "required": False,
            "populate_defaults": False,
            "help": "Job that proposes candidates; without it the work chain itself does, which is right as long as a "
            "proposal takes less than a second (about 20,000 candidates).",
        },
    )
    _define_memory(spec)
    _define_limits(spec)
    spec.inputs.validator = validation.validate_search


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what a search gives."""
    spec.output("best_structure", valid_type=orm.StructureData, help="Most stable structure that was found, in Å.")
    spec.output("interface", valid_type=InterfaceData, help="Flat summary: energy in J/m², lengths in Å, angle in °.")
    spec.output(
        "evaluated",
        valid_type=StructureSetData,
        help="Every evaluated structure with energy (eV), excess energy (J/m²), excess volume (Å), translation (Å), "
        "status and reason.",
    )
    spec.output("observations", valid_type=ObservationsData, help="Excess energies in J/m² by candidate.")
    spec.output("candidates", valid_type=CandidateSetData, help="The candidates, one for each orbit; lengths in Å.")
    spec.output("reference", valid_type=StructureSetData, help="The perfect crystal by the same engine, energy in eV.")
    spec.output("model", valid_type=ModelData, required=False, help="The final surrogate model, energies in J/m².")
    spec.output(
        "gamma_surface",
        valid_type=orm.ArrayData,
        required=False,
        help="Predicted mean and deviation in J/m², shape (n_candidates,), and the translations in Å.",
    )
    spec.output("verified", valid_type=StructureSetData, required=False, help="The basins by the second engine.")


def _define_engine(spec: ProcessSpec, name: str, purpose: str, required: bool = True) -> None:
    """Declare one engine: a work chain with the interface of `EvaluationWorkChain`, and what it needs."""
    spec.input_namespace(
        name, required=required, populate_defaults=required, validator=validation.validate_engine, help=f"{purpose}."
    )
    spec.input(
        f"{name}.workflow", valid_type=orm.Str, help="Entry point of its work chain, such as `gbml.evaluation.lammps`."
    )
    spec.input_namespace(f"{name}.inputs", dynamic=True, help="Its own inputs: code, potential or pseudopotentials.")
    spec.input(f"{name}.mode", valid_type=orm.Str, default=lambda: orm.Str("relax"), help="`relax` or `static`.")
    spec.input(
        f"{name}.constraints",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"atoms": "free", "cell": "fixed"}),
        help="What may move: `atoms` (free, normal) and `cell` (fixed, normal).",
    )
    spec.input(f"{name}.level_of_theory", valid_type=orm.Str, help="What is computed, in words, for the summary.")


def _define_memory(spec: ProcessSpec) -> None:
    """Declare what a search may know from earlier ones."""
    spec.input_namespace(
        "earlier",
        dynamic=True,
        valid_type=StructureSetData,
        required=False,
        help="Output `evaluated` of earlier searches of the same boundary with the same engine and settings: their "
        "energies (eV) count, and nothing of them is computed again.",
    )
    spec.input_namespace(
        "templates",
        dynamic=True,
        valid_type=StructureSetData,
        required=False,
        help="Output `evaluated` of searches of other boundaries: their best translations, as fractions of the cell "
        "of non-identical displacements, are tried first.",
    )


def _define_limits(spec: ProcessSpec) -> None:
    """Declare when a search ends and how much it does at a time."""
    positive = {"valid_type": orm.Int, "validator": validation.validate_positive}
    spec.input("budget", required=False, help="Most evaluations (a number); without it every candidate.", **positive)
    spec.input("batch_size", default=lambda: orm.Int(6), help="Evaluations a round (a number).", **positive)
    spec.input("max_concurrent", default=lambda: orm.Int(2), help="Most rounds at a time (a number).", **positive)
    spec.input(
        "asynchronous",
        valid_type=orm.Bool,
        default=lambda: orm.Bool(False),
        help="Propose the next round as soon as any is back, with up to `max_concurrent` rounds under way.",
    )
    spec.input(
        "max_failed_fraction",
        valid_type=orm.Float,
        default=lambda: orm.Float(0.5),
        validator=validation.validate_fraction,
        help="Share of the evaluations that may fail before the search ends (dimensionless, 0 to 1).",
    )
    spec.input("seed", valid_type=orm.Int, default=lambda: orm.Int(0), help="Seed of every draw (dimensionless).")
