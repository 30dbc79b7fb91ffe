"""Nodes made of the bytes that a task writes: a closed list of what such bytes may become."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.common.exceptions import EntryPointError
from aiida.plugins import DataFactory

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.archive import read_arrays
from aiida_gbml.science.strict_json import read_json


def output_class(entry_point: str) -> type[orm.Data]:
    """Return the class of data that an output of a task may become.

    :param entry_point: 'core.dict', 'core.array', or the name of one of the project's archives, such as
        'gbml.structures'.
    :raises ValueError: for anything else.
    """
    try:
        found = DataFactory(entry_point)
    except EntryPointError as exception:
        raise ValueError(f"there is no data type '{entry_point}'") from exception
    if found in (orm.Dict, orm.ArrayData) or issubclass(found, ArchiveData):
        return found
    raise ValueError(f"an output of a task cannot become '{entry_point}', only core.dict, core.array or an archive")


def output_node(entry_point: str, content: bytes) -> orm.Data:
    """Return the unstored node of an output's bytes.

    :param entry_point: see :func:`output_class`.
    :param content: a JSON object for 'core.dict', an array archive for all others.
    :raises ValueError: when the bytes are damaged, hold what is no number, or are not of that type.
    """
    found = output_class(entry_point)
    if issubclass(found, ArchiveData):
        return found.from_content(content)
    if found is orm.Dict:
        return orm.Dict(read_json(content))
    arrays = read_arrays(content)
    for name, array in arrays.items():
        # Infinite is an answer, such as the energy where an atom cannot be.
        if array.dtype.kind == "f" and np.any(np.isnan(array)):
            raise ValueError(f"the array '{name}' holds values that are no numbers")
    return orm.ArrayData(arrays)
