"""From a file to the set of compositions that it holds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.readers.files import read_compositions as read


@calcfunction
def read_compositions(file: orm.SinglefileData, options: orm.Dict) -> dict[str, CompositionSetData] | ExitCode:
    """Return the distinct compositions of a file as output ``compositions``; what was rejected is kept with reasons.

    :param file: CSV, JSON, an OPTIMADE response, lines of formulas or an SQLite list.
    :param options: fields of `ReadOptions`, such as `column`, `source` and `licence`.
    """
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / Path(file.filename).name  # readers look at names and seek in databases
            path.write_bytes(file.get_content(mode="rb"))
            compositions = read(path, **options.get_dict())
    except (TypeError, ValueError) as exception:
        return ExitCode(201, str(exception))
    return {"compositions": CompositionSetData(compositions)}
