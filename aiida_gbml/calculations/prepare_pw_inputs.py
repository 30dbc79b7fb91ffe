"""From a row of a set to the inputs of one ``pw.x`` calculation."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.pw import held_coordinates, task_parameters


@calcfunction
def prepare_pw_inputs(
    *,
    structures: StructureSetData,
    row: orm.Int,
    mode: orm.Str,
    constraints: orm.Dict,
    parameters: orm.Dict,
    extensive_parameters: orm.Dict,
    settings: orm.Dict | None = None,
) -> dict[str, orm.Data]:
    """Return the ``structure`` of a row, its ``parameters`` and, when coordinates are held, its ``settings``.

    :param structures: the set; cells and positions in Å.
    :param row: index of the structure in the set, from 0.
    :param mode: static or relax.
    :param constraints: ``atoms`` (free, normal) and ``cell`` (fixed, normal, isotropic, free).
    :param parameters: namelists shared by all structures.
    :param extensive_parameters: namelists whose values are multiplied by the number of atoms.
    :param settings: settings of the plugin shared by all structures.
    """
    atoms = structures.structures.to_ase(row.value)
    held = held_coordinates(structures.structures, row.value, constraints.get("atoms", "free"))
    outputs: dict[str, orm.Data] = {
        "structure": orm.StructureData(ase=atoms),
        "parameters": orm.Dict(
            task_parameters(
                parameters.get_dict(),
                extensive_parameters.get_dict(),
                n_atoms=len(atoms),
                elements=sorted(set(atoms.get_chemical_symbols())),
                mode=mode.value,
                cell=constraints.get("cell", "fixed"),
            )
        ),
    }
    own = {} if settings is None else settings.get_dict()
    if mode.value == "relax" and held.any():
        own["FIXED_COORDS"] = held.tolist()
    return {**outputs, "settings": orm.Dict(own)} if own else outputs
