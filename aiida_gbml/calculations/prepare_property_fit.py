"""From the inputs of a property model to the parameters of its fit."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.calculations.collect_parameters import plain_values
from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.science.compounds.description import plain_descriptors


@calcfunction
def prepare_property_fit(
    compounds: ArchiveData, targets: PropertyTargetsData, **settings: orm.Data
) -> dict[str, orm.Dict] | ExitCode:
    """Return the parameters of :mod:`aiida_gbml.science.compounds.fit_property`, as output ``parameters``.

    :param compounds: the set of structures or of compositions.
    :param targets: the property of each.
    :param settings: parameters of the task by name.
    """
    if len(targets) != len(compounds):
        n_compounds = len(compounds)
        return ExitCode(201, f"there are {len(targets)} values of the property for {n_compounds} compounds")
    plain = plain_values(settings)
    if "descriptors" in plain:
        plain["descriptors"] = plain_descriptors(plain["descriptors"])
    return {"parameters": orm.Dict({**plain, "training_uuids": [compounds.uuid, targets.uuid]})}
