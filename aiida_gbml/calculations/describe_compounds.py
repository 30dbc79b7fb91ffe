"""From a database of structures to the points in which a search measures distances."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.search_features import search_features


@calcfunction
def describe_compounds(structures: StructureSetData, parameters: orm.Dict) -> dict[str, orm.ArrayData] | ExitCode:
    """Return principal components of the descriptors of some structures, as output ``features``.

    Its arrays are `points` (n, k) and `explained` (k,), the share of the variance of each.

    :param structures: the n structures.
    :param parameters: ``descriptors`` (`preset`, or fields of `DescriptorSpec`) and ``strategy`` (fields of
        `PropertySearchSettings`, of which `n_components` and `share` count).
    """
    try:
        return {"features": orm.ArrayData(search_features(structures.structures, parameters.get_dict()))}
    except ValueError as exception:
        return ExitCode(201, str(exception))
