"""From everything a search has evaluated to what it has found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.interface import InterfaceData
from aiida_gbml.data.model import ModelData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.kriging import KrigingSearch
from aiida_gbml.science.interfaces.problem import SearchProblem
from aiida_gbml.science.interfaces.strategies import Strategy
from aiida_gbml.science.interfaces.summary import best_row, describe_best, describe_boundary, gamma_surface


@calcfunction
def analyse_search(  # noqa: PLR0917  (a calculation function has no keyword-only arguments)
    candidates: CandidateSetData,
    reference: StructureSetData,
    observations: ObservationsData,
    evaluated: StructureSetData,
    boundary: orm.Dict,
    space: orm.Dict,
    strategy: orm.Dict,
    seed: orm.Int,
    engine: orm.Str,
    level_of_theory: orm.Str,
    verified: StructureSetData | None = None,
    verification_reference: StructureSetData | None = None,
) -> dict[str, Any]:
    """Return the most stable structure, the summary, the energy over all translations, and the final model.

    :param candidates: all candidates.
    :param reference: the crystal by the engine of the search.
    :param observations: what the search has observed.
    :param evaluated: every evaluated structure with its excess energy.
    :param boundary: see :func:`aiida_gbml.science.interfaces.problem.read_boundary`.
    :param space: fields of `SearchSpace`.
    :param strategy: fields of `Strategy`.
    :param seed: of every draw (dimensionless).
    :param engine: entry point of the engine that decides: that of the verification if there is one.
    :param level_of_theory: what this engine computes, in words.
    :param verification_reference: the crystal by the engine of the verification.
    :param verified: the best basins by the engine of the verification.
    """
    decisive_reference = reference if verification_reference is None else verification_reference
    problem = SearchProblem.from_inputs(decisive_reference.structures, boundary.get_dict(), space.get_dict())
    known = observations.observations
    search = Strategy.from_dict(strategy.get_dict()).search(candidates.candidates, known, seed.value)
    decisive = evaluated if verified is None else verified
    best = best_row(decisive.structures)
    structure = orm.StructureData(ase=decisive.structures.to_ase(best))
    summary = {
        **describe_boundary(problem),
        **describe_best(decisive.structures, best),
        "n_evaluated": len(known),
        "n_failed": int(known.failed.sum()),
        "n_machine_faults": int(known.machine_faults.sum()),
        "n_candidates": len(candidates),
        "n_verified": 0 if verified is None else len(verified),
        "engine": engine.value,
        "level_of_theory": level_of_theory.value,
        "screening_energy": float(evaluated.structures.columns["excess_energy"][best_row(evaluated.structures)]),
        "structure_uuid": structure.uuid,
    }
    outputs = {"best_structure": structure, "interface": InterfaceData(summary)}
    if isinstance(search, KrigingSearch):
        outputs["gamma_surface"] = orm.ArrayData(gamma_surface(search, candidates.candidates))
        outputs["model"] = ModelData(replace(search.surrogate.to_model_file(), training_uuids=[observations.uuid]))
    return outputs
