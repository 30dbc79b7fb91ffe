"""From all known phases to those that compete with the compositions that are computed."""

from __future__ import annotations

from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.verification import relevant_phases


@calcfunction
def select_phases(competing: StructureSetData, selected: StructureSetData) -> dict[str, StructureSetData] | ExitCode:
    """Return the phases of the same elements as ``phases``, with their formulas.

    :param competing: known crystals; lengths in Å.
    :param selected: the structures that are computed, with the column ``formula``.
    """
    try:
        formulas = selected.structures.columns["formula"].tolist()
        phases = relevant_phases(competing.structures, formulas)
    except ValueError as exception:
        return ExitCode(302, str(exception))
    return {"phases": StructureSetData(phases)}
