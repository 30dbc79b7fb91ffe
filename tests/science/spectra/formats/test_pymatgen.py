"""Tests of aiida_gbml.science.spectra.formats.pymatgen."""

import numpy as np
import pytest
from pymatgen.analysis.xas.spectrum import XAS
from pymatgen.core import Lattice, Structure

from aiida_gbml.science.spectra.formats.pymatgen import from_xas, to_xas
from aiida_gbml.science.spectra.formats.spectrum import FormatError
from aiida_gbml.science.spectra.table import table_from_rows


@pytest.mark.parametrize(("edge", "theirs"), [("K", "K"), ("L23", "L2,3")])
def test_a_row_becomes_a_spectrum_of_pymatgen_and_back(edge, theirs):
    structure = Structure(Lattice.cubic(5.43), ["Si", "Si"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    energy = np.arange(1000, 1200) / 10
    row = {"element": "Si", "edge": edge, "energy": energy, "intensity": np.arctan(energy - 104), "site": 1}
    table = table_from_rows([row, {"element": "Si", "edge": edge, "reason": "lost"}], 0.1)
    xas = to_xas(table, 0, structure)
    assert isinstance(xas, XAS)
    assert (xas.edge, str(xas.absorbing_element), xas.absorbing_index) == (theirs, "Si", 1)
    assert xas.e0 == pytest.approx(104, abs=0.11)
    assert XAS.from_dict(xas.as_dict()).x.tolist() == pytest.approx(energy.tolist())
    again = from_xas(xas)
    assert np.allclose(again.energy, energy)
    assert np.allclose(again.intensity, np.arctan(energy - 104))
    told = {"element": "Si", "edge": edge, "site": 1, "formula": "Si", "spectrum_type": "XANES"}
    assert told.items() <= again.metadata.items()
    with pytest.raises(FormatError, match="failed: lost"):
        to_xas(table, 1, structure)
