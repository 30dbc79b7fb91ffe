"""From single structures to one set."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.spectra.identity import formula_of


@calcfunction
def collect_structures(labels: orm.Dict, **structures: orm.StructureData) -> dict[str, StructureSetData] | ExitCode:
    """Return structures as one set in the order of their names, as output ``collected``.

    Its columns are ``structure_uuid`` and ``structure_label``.

    :param labels: what a reader calls each structure, by its name; the formula by default.
    :param structures: at most 199 of them.
    """
    names = sorted(structures)
    try:
        collected = StructureSetData.from_structure_data([structures[name] for name in names]).structures
    except ValueError as exception:
        return ExitCode(201, str(exception))
    told = [labels.get_dict().get(name) or formula_of(atoms) for name, atoms in zip(names, collected, strict=True)]
    return {"collected": StructureSetData(collected.with_columns(structure_label=np.array(told, dtype=str)))}
