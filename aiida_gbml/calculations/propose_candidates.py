"""From observations to the structures to be evaluated next."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.propose import propose


@calcfunction
def propose_candidates(
    candidates: CandidateSetData,
    reference: StructureSetData,
    parameters: orm.Dict,
    observations: ObservationsData | None = None,
    **others: StructureSetData,
) -> dict[str, orm.Data] | ExitCode:
    """Return the built structures of the next round as ``proposal``, and what is expected of it as ``outlook``.

    The outlook holds ``expected_regret`` (J/m²) once the strategy knows enough, and ``stop_reason`` when the search is
    over; the proposal is empty then. A strategy that learns nothing has no outlook.

    :param candidates: all candidates.
    :param reference: the evaluated crystal.
    :param parameters: ``boundary``, ``space``, ``strategy``, ``batch_size``, ``seed`` and perhaps ``budget``.
    :param observations: what is known so far; none at the start.
    :param others: rounds under way as ``pending_...``, evaluated sets of other boundaries as ``template_...``.
    """
    named = sorted(others.items())
    try:
        proposal = propose(
            candidates.candidates,
            reference.structures,
            Observations.empty() if observations is None else observations.observations,
            parameters.get_dict(),
            pending=[node.structures for name, node in named if name.startswith("pending_")],
            templates=[node.structures for name, node in named if name.startswith("template_")],
        )
    except ValueError as exception:
        return ExitCode(202, str(exception))
    outlook = {"outlook": orm.Dict(proposal.outlook)} if proposal.outlook else {}
    return {"proposal": StructureSetData(proposal.structures), **outlook}
