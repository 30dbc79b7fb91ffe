"""Tests of aiida_gbml.science.spectra.formats.xdi."""

import numpy as np
import pytest

from aiida_gbml.science.spectra.formats.spectrum import FormatError, MeasuredSpectrum
from aiida_gbml.science.spectra.formats.xdi import from_xdi, to_xdi

BEAMLINE = """# XDI/1.0 GSE/1.0
# Column.1: energy eV || 13IDE:En:Energy.VAL
# Column.2: itrans
# Column.3: i0 counts
# Element.edge:  K
# ELEMENT.symbol: cu
# Mono.d_spacing: 3.13553
# Sample.name: Cu foil
# Sample.formula: Cu
# Scan.start_time: 2001-06-26T22:27:31
# ///
# Column.2: of the free comments
#----
# energy itrans i0
  8970.0  1.0  2.718281828459045
  8975.0  0.0  1.0
  8980.0  1.0  7.38905609893065
  8985.0  1.0
"""


def test_a_scan_in_transmission():
    text = BEAMLINE + "".join(f"  {9000 + n}  1.0 1.0\n" for n in range(20))
    spectrum = from_xdi(text)
    assert spectrum.energy[:3].tolist() == [8970, 8980, 9000]
    assert spectrum.intensity[:3] == pytest.approx([1, 2, 0])
    told = {"element": "Cu", "edge": "K", "signal": "transmission", "sample": "Cu foil", "formula": "Cu"}
    assert {**told, "mono.d_spacing": "3.13553", "date": "2001-06-26T22:27:31"}.items() <= spectrum.metadata.items()


def scan(columns, rows):
    head = "#XDI/1.1 test\r\n" + "".join(f"# Column.{n}: {name}\r\n" for n, name in enumerate(columns, 1))
    return head + "#---\r\n" + "".join(" ".join(map(str, row)) + "\r\n" for row in rows)


@pytest.mark.parametrize(
    ("columns", "expected", "signal"),
    [
        (("energy eV", "i0", "ifluor"), 0.25, "fluorescence"),
        (("energy eV", "time", "i0", "itrans", "mutrans"), 0.5, "transmission"),
        (("time", "i0", "energy eV", "it"), np.log(8 / 4), "transmission"),
        (("energy eV", "i0", "ifluor", "xmu"), 0.125, "mu"),
    ],
)
def test_columns_are_taken_by_their_names(columns, expected, signal):
    values = {"energy eV": 0, "i0": 8, "ifluor": 2, "it": 4, "itrans": 4, "time": 9, "mutrans": 0.5, "xmu": 0.125}
    rows = [[8000 + n if name == "energy eV" else values[name] for name in columns] for n in range(3)]
    spectrum = from_xdi(scan(columns, rows))
    assert spectrum.energy.tolist() == [8000, 8001, 8002]
    assert spectrum.intensity == pytest.approx([expected] * 3)
    assert spectrum.metadata["signal"] == signal


def test_other_axes():
    assert from_xdi(scan(("energy keV", "mutrans"), [(8, 1), (9, 2)])).energy.tolist() == [8000, 9000]
    # Copper K at 8979 eV: 12.7185 degrees on Si(111), d = 3.1356 Å (Bragg's law, CRC Handbook's hc = 12398.42 eV Å).
    text = scan(("angle degrees", "mutrans"), [(12.72, 1), (12.71, 2)]).replace(
        "#---", "# Mono.d_spacing: 3.1356\n#---"
    )
    assert from_xdi(text).energy == pytest.approx(12398.42 / 2 / 3.1356 / np.sin(np.radians([12.72, 12.71])), rel=1e-6)
    with pytest.raises(FormatError, match=r"Mono\.d_spacing"):
        from_xdi(scan(("angle degrees", "mutrans"), [(12.7, 1), (12.6, 2)]))


def test_labels_stand_in_for_missing_column_fields():
    assert from_xdi("# XDI/1.0\n# ---\n# energy mutrans\n1 2\n2 3\n").intensity.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not begin"),
        ("energy mu\n1 2\n2 3\n", "does not begin"),
        ("# XDI/1.0\n# Column.1: energy\n", "before its data"),
        ("# XDI/1.0\n# Column.1: energy\n# Column.2: colour\n1 2\n2 3\n", "columns are energy, colour; needed"),
        ("# XDI/1.0\n1 2\n2 3\n", "columns are not named"),
        ("# XDI/1.0\n# Column.1: energy\n# Column.2: mutrans\n1 2\n2\n3\n", "2 of 3 rows lack columns"),
        ("# XDI/1.0\n# Column.1: energy\n# Column.2: mutrans\n1 2\n2 x\n", "column 'mutrans': could not convert"),
    ],
)
def test_damaged_files_are_refused_by_name(text, message):
    with pytest.raises(FormatError, match=message):
        from_xdi(text)


@pytest.mark.parametrize("edge", ["K", "L23", "L3"])
def test_what_is_written_is_read(edge):
    energy = 280 + 0.1 * np.arange(20)
    told = {"element": "Si", "edge": edge, "signal": "calculated", "structure_uuid": "a-b", "licence": "CC0"}
    told |= {"sample": "quartz", "formula": "SiO2", "mono.d_spacing": "3.1", "energy_axis": "absolute"}
    again = from_xdi(to_xdi(MeasuredSpectrum(energy, np.cos(energy), told)))
    assert np.array_equal(again.energy, energy)
    assert np.array_equal(again.intensity, np.cos(energy))
    assert told.items() <= again.metadata.items()
