"""From the summary of a search to the structures that it names."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.structures import build

_OUTPUTS = {"site_row": "stable_structure", "bottleneck_row": "bottleneck_structure"}


@calcfunction
def place_mobile_atom(
    host: StructureSetData, sites: SiteGridData, parameters: orm.Dict, summary: orm.Dict
) -> dict[str, orm.StructureData]:
    """Return the host with the atom at its stable site, and at the bottleneck if there is one.

    They are the outputs ``stable_structure`` and ``bottleneck_structure``.

    :param host: the crystal.
    :param sites: all points.
    :param parameters: ``mobile`` and ``supercell``.
    :param summary: ``site_row`` and, where there is a path, ``bottleneck_row``.
    """
    given, found = parameters.get_dict(), summary.get_dict()
    rows = {output: found[name] for name, output in _OUTPUTS.items() if name in found}
    atoms = host.structures.to_ase(0)
    structures = build(atoms, given["mobile"], sites.grid, list(rows.values()), supercell=given["supercell"])
    return {output: orm.StructureData(ase=one) for output, one in zip(rows, structures, strict=True)}
