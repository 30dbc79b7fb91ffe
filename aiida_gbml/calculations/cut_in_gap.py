"""From the bands of an insulator to the energy below which its spectrum is cut."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction


@calcfunction
def cut_in_gap(parameters: orm.Dict, bands: orm.BandsData) -> dict[str, orm.Dict]:
    """Return the namelists ``parameters`` of ``xspectra.x`` with `xe0` (eV) in the middle of the gap, unless they say.

    The program's own cut is at the highest occupied level, which leaves a part of the states there in the spectrum: a
    peak below the edge that no experiment has.

    :param parameters: namelists of the spectrum.
    :param bands: of the cell, with at least one empty band.
    """
    from aiida_gbml.science.spectra.transition_energy import levels

    middle = levels(*bands.get_bands(also_occupations=True)).fermi
    namelists = parameters.get_dict()
    return {"parameters": orm.Dict({**namelists, "INPUT_XSPECTRA": {"xe0": middle, **namelists["INPUT_XSPECTRA"]}})}
