"""From earlier searches of the same boundary to the first observations of a new one."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.observations import match_candidates, observe
from aiida_gbml.science.structure_set import concatenate


@calcfunction
def adopt_observations(
    candidates: CandidateSetData, **earlier: StructureSetData
) -> dict[str, ObservationsData | StructureSetData]:
    """Return what earlier searches know of the candidates of this one.

    Output ``adopted`` holds their rows, with the candidates of this search, and ``observations`` those that are any.

    :param candidates: the candidates of this search.
    :param earlier: output ``evaluated`` of earlier searches with the same engine and settings.
    """
    sets = [node.structures for _, node in sorted(earlier.items())]
    adopted = concatenate(match_candidates(candidates.candidates, sets))
    return {"adopted": StructureSetData(adopted), "observations": ObservationsData(observe(adopted))}
