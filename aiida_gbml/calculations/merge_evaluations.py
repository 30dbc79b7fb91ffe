"""From evaluated rounds to one set."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.reference import BulkReference, with_excess
from aiida_gbml.science.structure_set import concatenate


@calcfunction
def merge_evaluations(
    reference: StructureSetData, space: orm.Dict, **sets: StructureSetData
) -> dict[str, StructureSetData]:
    """Return the rows of several sets with their excess energies and volumes, as output ``evaluated``.

    :param reference: the evaluated crystal, energy in eV.
    :param space: fields of `SearchSpace`.
    :param sets: evaluated sets, joined in the order of their names.
    """
    bulk = BulkReference.from_evaluated(reference.structures)
    settings = SearchSpace.from_dict(space.get_dict())
    # Each on its own: a round without results lacks the columns that the others have.
    complete = [with_excess(node.structures, bulk, settings) for _, node in sorted(sets.items())]
    return {"evaluated": StructureSetData(concatenate(complete))}
