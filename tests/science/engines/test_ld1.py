"""What is believed of the output of ld1.x."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_gbml.science.engines.ld1 import Ld1OutputError, parse_ld1, parse_log_derivatives

OUTPUT = """
     Program LD1 v.6.7MaX starts on 20Nov2026 at  7: 2:35
     n l     nl                  e(Ry)          e(Ha)          e(eV)
     2 0     2S 1( 2.00)        -1.0107        -0.5053       -13.7509
     Etot =     -75.000000 Ry,     -37.764975 Ha,   -1027.637312 eV
     ---------------------- Testing the pseudopotential ----------------------
     n l     nl             e AE (Ry)        e PS (Ry)    De AE-PS (Ry)
     1 0     2S   1( 2.00)       -1.01067       -1.01068        0.00001
     3 1     3P   1( 0.00)        0.00000        0.00000        0.00000
     Etot =     -75.529949 Ry,     -37.764975 Ha,   -1027.637312 eV
     Etotps =   -11.750158 Ry,      -5.875079 Ha,    -159.869047 eV
     ---------------------- End of pseudopotential test ----------------------
"""


def test_the_last_energies_and_the_levels_of_the_test_count() -> None:
    result = parse_ld1(OUTPUT)
    assert (result.version, result.failure) == ("6.7MaX", None)
    assert (result.all_electron_energy_ry, result.pseudo_energy_ry) == (-75.529949, -11.750158)
    level, empty = result.levels
    assert (level.label, level.n, level.l, level.occupation) == ("2S", 1, 0, 2.0)
    assert (level.ae_ry, level.ps_ry) == (-1.01067, -1.01068)
    assert (empty.label, empty.n, empty.occupation) == ("3P", 3, 0.0)


@pytest.mark.parametrize(
    ("output", "failure"),
    [
        (OUTPUT + " Error in routine chargeps (1):\n   negative rho\n", "chargeps: negative rho"),
        (OUTPUT.split("Testing", maxsplit=1)[0], "before the test"),
        (OUTPUT.replace("Etotps =   -11.750158", "Etotps =   **********"), "before the test"),
        (OUTPUT.replace("-11.750158", "NaN"), "before the test"),
        (OUTPUT.replace("2.00)       -1", "2.00)       *1").replace("0.00)        0", "0.00)  *"), "no valence levels"),
        ("", "not one of ld1.x"),
        ("\x00 Etot = x", "not one of ld1.x"),
    ],
)
def test_what_went_wrong_is_said(output: str, failure: str) -> None:
    result = parse_ld1(output)
    assert result.failure is not None
    assert failure in result.failure


def test_logarithmic_derivatives_are_a_table() -> None:
    energies, derivatives = parse_log_derivatives("-4.0 1.5 1.7 2.2\n-3.98  1.4D0 1.6 2.1\n")
    np.testing.assert_allclose(energies, [-4.0, -3.98])
    np.testing.assert_allclose(derivatives, [[1.5, 1.7, 2.2], [1.4, 1.6, 2.1]])


@pytest.mark.parametrize("text", ["", "1 2\n", "1 2\n1 2\n", "1 2\n2\n", "1 nan\n2 3\n", "1 ****\n2 3\n", "1\n2\n"])
def test_a_damaged_table_is_refused(text: str) -> None:
    with pytest.raises(Ld1OutputError):
        parse_log_derivatives(text)


@pytest.mark.parametrize("bomb", ["\n" * 300_000, (" " * 200 + "\n") * 3000, "\n" * 300_000 + "Etot"])
def test_blank_lines_are_read_once(bomb: str) -> None:
    """A search that begins at every line and goes on over the next ones would take an hour."""
    assert parse_ld1(f"Program LD1 v.6.7\n{bomb}Testing the pseudopotential\n{bomb}").levels == ()
