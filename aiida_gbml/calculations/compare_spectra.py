"""What a core hole does to a spectrum, in numbers."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.spectrum import SpectrumData
from aiida_gbml.science.spectra.treatments import HOLE_OF


@calcfunction
def compare_spectra(**spectra: SpectrumData) -> dict[str, orm.Dict] | ExitCode:
    """Return the ``comparison`` of each spectrum with the one that has the smallest hole, by their names.

    Energies are in eV, ratios dimensionless; see `science.spectra.comparison.compare`.

    :param spectra: two or more of one site, by their treatments.
    """
    from aiida_gbml.science.spectra.comparison import compare

    known = [name for name in HOLE_OF if name in spectra]
    reference, *others = known + sorted(spectra.keys() - {*known})
    first = spectra[reference]
    compared = {}
    try:
        for name in others:
            other = spectra[name]
            common = (first.energy >= other.energy[0]) & (first.energy <= other.energy[-1])
            axis = first.energy[common]
            found = compare(axis, first.intensity[common], np.interp(axis, other.energy, other.intensity))
            compared[f"{reference}_to_{name}"] = found
    except ValueError as exception:
        return ExitCode(301, str(exception))
    return {"comparison": orm.Dict(compared)}
