"""From the bands of an excited cell to the energy below which its spectrum is cut."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction


@calcfunction
def cut_below_excited(parameters: orm.Dict, bands: orm.BandsData) -> dict[str, orm.Dict] | ExitCode:
    """Return the namelists ``parameters`` of ``xspectra.x`` with `xe0` (eV) in the gap below the excited electron.

    Its state is the first final state, which a cut at the highest occupied level would take away.

    :param parameters: namelists of the spectrum.
    :param bands: of the cell with the excited electron.
    """
    from aiida_gbml.science.spectra.excited_electron import excited_electron

    energies, occupations = bands.get_bands(also_occupations=True)
    if energies.ndim != 3:
        return ExitCode(301, "the excited cell has no spins, so that its excited electron cannot be found")
    namelists = parameters.get_dict()
    cut = {"xe0": excited_electron(energies, occupations).cut}
    return {"parameters": orm.Dict({**namelists, "INPUT_XSPECTRA": {**namelists["INPUT_XSPECTRA"], **cut}})}
