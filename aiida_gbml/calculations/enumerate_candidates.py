"""From a crystal and a boundary to the list of candidates."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.problem import SearchProblem
from aiida_gbml.science.interfaces.reference import BulkReference


@calcfunction
def enumerate_candidates(
    reference: StructureSetData, boundary: orm.Dict, space: orm.Dict
) -> dict[str, CandidateSetData] | ExitCode:
    """Return the symmetry-distinct candidates of a boundary, as output ``candidates``.

    :param reference: the evaluated crystal, whose lattice the boundary is built from.
    :param boundary: fields of `Boundary`.
    :param space: fields of `SearchSpace`.
    """
    try:
        BulkReference.from_evaluated(reference.structures).check(SearchSpace.from_dict(space.get_dict()))
        problem = SearchProblem.from_inputs(reference.structures, boundary.get_dict(), space.get_dict())
        return {"candidates": CandidateSetData(problem.candidates())}
    except ValueError as exception:
        return ExitCode(202, str(exception))
