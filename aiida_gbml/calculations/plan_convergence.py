"""From a series of cells and meshes to the steps of a convergence test."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.marked_structure import atoms_with_origin


@calcfunction
def plan_convergence(
    structure: orm.StructureData, site: orm.Int, cell: orm.Dict, steps: orm.List
) -> dict[str, orm.Data] | ExitCode:
    """Return for each step ``cell_<i>``, ``kpoints_distance_<i>`` and ``spectrum_kpoints_distance_<i>``.

    A step that would compute the same cell with the same meshes as the one before is left out: its spectrum could only
    be the same.

    :param structure: of the user.
    :param site: index of the absorbing atom, from 0.
    :param cell: settings that all steps share.
    :param steps: of growing effort, see `CoreHoleConvergenceWorkChain`.
    """
    from aiida_gbml.science.spectra.absorption_cell import absorption_cell
    from aiida_gbml.science.spectra.supercell import kpoint_mesh

    names = ("kpoints_distance", "spectrum_kpoints_distance")
    distinct: list[tuple[object, dict[str, object], dict[str, float]]] = []
    try:
        for step in steps.get_list():
            settings = cell.get_dict() | {name: step[name] for name in step if name not in names}
            atoms = absorption_cell(atoms_with_origin(structure), site.value, settings).atoms
            distances = {name: step[name] for name in names}
            meshes = [kpoint_mesh(atoms.cell.array, distance, atoms.pbc) for distance in distances.values()]
            computed = (atoms.cell.array.round(6).tolist(), meshes)
            if not distinct or distinct[-1][0] != computed:
                distinct.append((computed, settings, distances))
    except ValueError as exception:
        return ExitCode(201, str(exception))
    outputs: dict[str, orm.Data] = {}
    for index, (_, settings, distances) in enumerate(distinct):
        outputs[f"cell_{index}"] = orm.Dict(settings)
        outputs |= {f"{name}_{index}": orm.Float(distance) for name, distance in distances.items()}
    return outputs
