"""From several sets of structures to one."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import concatenate


@calcfunction
def merge_structure_sets(**sets: StructureSetData) -> dict[str, StructureSetData]:
    """Return the rows of several sets, in the order of the sets' names, as output ``merged``.

    :param sets: at most 200 of them; only the columns that all have are kept.
    """
    return {"merged": StructureSetData(concatenate([sets[name].structures for name in sorted(sets)]))}
