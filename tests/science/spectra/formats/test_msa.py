"""Tests of aiida_gbml.science.spectra.formats.msa."""

import numpy as np
import pytest

from aiida_gbml.science.spectra.formats.msa import from_msa, to_msa
from aiida_gbml.science.spectra.formats.spectrum import FormatError, MeasuredSpectrum

# The header of the standard's own kind: keywords with units, several values a line, a value after the last point.
MICROSCOPE = """#FORMAT      : EMSA/MAS Spectral Data File
#VERSION     : 1.0
#TITLE       : NIO EELS OK SHELL
#DATE        : 01-OCT-1991
#TIME        : 12:00
#OWNER       : EMSA/MAS TASK FORCE
#NPOINTS     : 6.
#NCOLUMNS    : 3.
#XUNITS      : Energy Loss (eV)
#YUNITS      : Intensity
#DATATYPE    : Y
#XPERCHAN    : 3.1
#OFFSET      : 520.13
#SIGNALTYPE  : ELS
#BEAMKV   -kV: 120.0
#CONVANGLE-mR: 1.5
#COLLANGLE-mR: 3.4
#COMMENT     : free words: of the operator
##OWNKEY     : kept by nobody
#SPECTRUM    : Spectral Data Starts Here
4066.0, 3996.0, 3932.0,
3923.0, 5602.0, 5288.0
#ENDOFDATA   :
"""


def test_a_file_of_a_microscope():
    spectrum = from_msa(MICROSCOPE)
    assert spectrum.energy == pytest.approx(520.13 + 3.1 * np.arange(6))
    assert spectrum.intensity.tolist() == [4066, 3996, 3932, 3923, 5602, 5288]
    told = {"title": "NIO EELS OK SHELL", "beam_energy": 120.0, "convergence_angle": 1.5, "collection_angle": 3.4}
    assert {**told, "signal": "energy loss", "energy_axis": "absolute"}.items() <= spectrum.metadata.items()


def test_units_of_the_axis():
    assert from_msa(MICROSCOPE.replace("Energy Loss (eV)", "keV")).energy[0] == pytest.approx(520130)
    with pytest.raises(FormatError, match="'nm' is no energy"):
        from_msa(MICROSCOPE.replace("Energy Loss (eV)", "nm"))


def test_pairs():
    text = MICROSCOPE.replace("#DATATYPE    : Y", "#DATATYPE    : XY").replace("#NPOINTS     : 6.", "#NPOINTS     : 3.")
    spectrum = from_msa(text.replace("4066.0, 3996.0, 3932.0,\n3923.0, 5602.0, 5288.0", "1, 10\n2.5, 20\n9, 30"))
    assert spectrum.energy.tolist() == [1, 2.5, 9]
    assert spectrum.intensity.tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("EMSA/MAS Spectral", "Other", "does not say"),
        ("#ENDOFDATA   :\n", "", "before #ENDOFDATA"),
        ("#SPECTRUM    : Spectral Data Starts Here\n", "", "no line of an EMSA/MAS header"),
        ("5602.0, 5288.0", "", r"after 4 of the 6 points"),
        ("5602.0", "many", "could not convert"),
        ("#XPERCHAN    : 3.1", "#XPERCHAN    : inf", "no finite number"),
        ("#XPERCHAN    : 3.1\n", "", "XPERCHAN"),
        ("3932.0,", "\n#LATE : 1\n", "stands among the data"),
        ("#NPOINTS     : 6.", "#NPOINTS     : 1", "two points"),
    ],
)
def test_damaged_files_are_refused_by_name(old, new, message):
    assert old in MICROSCOPE
    with pytest.raises(FormatError, match=message):
        from_msa(MICROSCOPE.replace(old, new))


@pytest.mark.parametrize("energy", [280 + 0.1 * np.arange(50), np.cumsum(np.linspace(0.1, 1, 50))], ids=["Y", "XY"])
def test_what_is_written_is_read(energy):
    told = {"element": "Si", "edge": "L23", "title": "quartz", "beam_energy": 200.0, "convergence_angle": 10.0}
    told |= {"collection_angle": 20.0, "licence": "CC-BY-4.0", "structure_uuid": "a-b", "energy_axis": "absolute"}
    told |= {"signal": "calculated", "sample": "line\nbreak"}
    spectrum = MeasuredSpectrum(energy, np.sin(energy), told)
    again = from_msa(to_msa(spectrum))
    assert np.allclose(again.energy, energy, atol=1e-9)
    assert np.array_equal(again.intensity, spectrum.intensity)
    assert {**told, "sample": "line break"}.items() <= again.metadata.items()
    assert all(line.startswith("#") and line[13] == ":" for line in to_msa(spectrum).splitlines() if "#" in line)
