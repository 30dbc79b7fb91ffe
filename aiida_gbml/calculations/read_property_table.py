"""From a file to compounds with a property, so that the file stays in the provenance."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.property_files import read_property_file


@calcfunction
def read_property_table(file: orm.SinglefileData, options: orm.Dict) -> dict[str, orm.Data] | ExitCode:
    """Return the compounds of a file as ``structures`` or ``compositions``, their values as ``targets``.

    Rows that are not used are counted and listed in ``report``.

    :param file: CSV or extended XYZ.
    :param options: see :data:`aiida_gbml.science.compounds.property_files.OPTIONS`; without `target` nothing but the
        compounds is read.
    """
    try:
        table = read_property_file(file.filename, file.get_content(mode="rb"), options.get_dict())
    except ValueError as exception:
        return ExitCode(201, str(exception))
    outputs: dict[str, orm.Data] = {"report": orm.Dict(table.summary())}
    if isinstance(table.compounds, CompositionSet):
        outputs["compositions"] = CompositionSetData(table.compounds)
    else:
        outputs["structures"] = StructureSetData(table.compounds)
    if table.targets is not None:
        outputs["targets"] = PropertyTargetsData(table.targets)
    return outputs
