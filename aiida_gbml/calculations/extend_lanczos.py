"""More Lanczos iterations for spectra that were not accurate after the first ones."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.science.engines.xspectra_input import complete_parameters


@calcfunction
def extend_lanczos(parameters: orm.Dict) -> dict[str, orm.Dict]:
    """Return the namelists ``parameters`` of ``xspectra.x`` with twice as many iterations.

    :param parameters: namelists, in which ``xniter`` may be missing.
    """
    namelists = parameters.get_dict()
    settings = namelists.get("INPUT_XSPECTRA", {})
    count = complete_parameters(namelists)["INPUT_XSPECTRA"]["xniter"]
    return {"parameters": orm.Dict({**namelists, "INPUT_XSPECTRA": {**settings, "xniter": 2 * count}})}
