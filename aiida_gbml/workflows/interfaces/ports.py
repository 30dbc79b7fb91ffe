"""Inputs and outputs of the search for a grain boundary."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.interface import InterfaceData
from aiida_gbml.data.model import ModelData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.evaluation.engine import define_engine
from aiida_gbml.workflows.interfaces import validation
from aiida_gbml.workflows.limits import define_limits
from aiida_gbml.workflows.validators import validate_positive
from aiida_gbml.workflows.worker import expose_worker


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
    for name, purpose in (
        ("engine", "Engine that evaluates the candidates"),
        ("verification", "Engine that verifies the most stable basins at the end"),
    ):
        define_engine(spec, name, purpose, required=name == "engine", validator=validation.validate_engine)
    spec.input(
        "verification.n_basins",
        valid_type=orm.Int,
        default=lambda: orm.Int(3),
        validator=validate_positive,
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
    purpose = (
        "Job that proposes candidates; without it the work chain itself does, which is right as long as a proposal "
        "takes less than a second (about 20,000 candidates)."
    )
    expose_worker(spec, purpose, required=False)
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
    define_limits(spec, budget="; without it every candidate.", batch_size=6)
    spec.input(
        "max_concurrent",
        valid_type=orm.Int,
        default=lambda: orm.Int(2),
        validator=validate_positive,
        help="Most rounds at a time (a number).",
    )
    spec.input(
        "asynchronous",
        valid_type=orm.Bool,
        default=lambda: orm.Bool(False),
        help="Propose the next round as soon as any is back, with up to `max_concurrent` rounds under way.",
    )
