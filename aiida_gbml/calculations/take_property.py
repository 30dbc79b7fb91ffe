"""From a set of structures with a property to the values that a model learns."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.science.compounds.property_targets import PropertyTargets


@calcfunction
def take_property(
    structures: StructureSetData, property_name: orm.Str, references: StructureSetData | None = None
) -> dict[str, PropertyTargetsData] | ExitCode:
    """Return the values of a property of evaluated structures, as output ``targets``.

    :param structures: evaluated; failed ones have no value.
    :param property_name: a column, or what follows from energy and cell, such as `energy_per_atom`.
    :param references: evaluated structures of the elements, for `formation_energy_per_atom`.
    """
    known = None if references is None else references.structures
    try:
        values = property_values(structures.structures, property_name.value, known)
        return {"targets": PropertyTargetsData(PropertyTargets(values))}
    except ValueError as exception:
        return ExitCode(201, str(exception))
