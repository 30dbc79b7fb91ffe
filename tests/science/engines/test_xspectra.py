"""Tests of aiida_gbml.science.engines.xspectra on files written here, whole and damaged."""

import random

import numpy as np
import pytest
from xspectra_files import MAXIMUM, MINIMUM, POINTS, intensities, save_file, spectrum_file, standard_output

from aiida_gbml.science.engines.xspectra import XspectraOutputError, parse_save_head, parse_spectrum, parse_stdout

GRID = (MINIMUM, MAXIMUM, POINTS)


@pytest.mark.parametrize("is_variable", [False, True])
@pytest.mark.parametrize("spins", [1, 2])
def test_a_spectrum_is_read(spins, is_variable):
    spectrum = parse_spectrum(spectrum_file(spins, is_variable), *GRID)
    assert np.allclose(spectrum.energy, np.linspace(*GRID), atol=1e-8)
    assert np.allclose(spectrum.sigma, intensities()[0], atol=1e-8)
    if spins == 1:
        assert spectrum.by_spin is None
    else:
        assert np.allclose(spectrum.by_spin, intensities(2)[1:], atol=1e-8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 whole rows"),
        (spectrum_file()[:-40], "40 whole rows|41 whole rows|39 whole rows"),
        (spectrum_file() + "    1.00000000    1.00000000\n", "42 whole rows"),
        (spectrum_file().replace("    5.00000000    0.15915494", "    5.00000000              NaN"), "two or four"),
        (spectrum_file().replace("    5.00000000    0.15915494", "    5.00000000**************"), "two or four"),
        (spectrum_file().replace("    5.00000000", "    5.50000000"), "its energies"),
        (spectrum_file().replace("    0.15915494", "99999999.99999"), "two or four"),
        (spectrum_file().replace("    0.15915494", "   -0.15915494"), "negative"),
        (spectrum_file(2).replace("    0.15915494", "    0.15916499"), "two spins"),
    ],
)
def test_a_damaged_spectrum_is_refused(text, message):
    with pytest.raises(XspectraOutputError, match=message):
        parse_spectrum(text, *GRID)


def test_a_spectrum_of_nothing_is_refused():
    text = spectrum_file()
    for number in set(intensities()[0]):
        text = text.replace(f"{number:14.8f}", f"{0:14.8f}")
    with pytest.raises(XspectraOutputError, match="vanish"):
        parse_spectrum(text, *GRID)


@pytest.mark.parametrize("version", ["6.7MaX", "7.2", "7.5"])
@pytest.mark.parametrize("spins", [1, 2])
def test_standard_output_is_read(version, spins):
    report = parse_stdout(standard_output(version, spins=spins, chains=5, unconverged=2))
    assert (report.version, report.is_complete, report.is_interrupted) == (version, True, False)
    assert (report.energy_zero, report.homo, report.fermi) == (13.3742,) * 3
    assert report.lumo == pytest.approx(18.8742)
    assert report.core_level == -284.2
    assert (report.chains, report.unconverged) == (5, 2)
    assert (report.cpu_seconds, report.wall_seconds) == (1.82, 62.5)
    assert report.failure is None


def test_a_given_zero_is_read():
    report = parse_stdout(standard_output(xe0=11.5335, has_lumo=False))
    assert (report.energy_zero, report.fermi, report.lumo) == (11.5335, 13.3742, None)


def test_a_zero_counts_when_it_is_named_twice():
    text = standard_output()
    other = text.replace("of the spectrum [eV]:   13.3742", "of the spectrum [eV]:   13.3842")
    assert parse_stdout(other).energy_zero is None
    assert parse_stdout(text.replace("ef    [eV]:   13.3742", "ef    [eV]: *********")).energy_zero is None


def test_a_replot_and_an_interrupted_run_say_so():
    replot = parse_stdout(standard_output(is_replot=True))
    assert (replot.is_complete, replot.is_resumed, replot.chains, replot.energy_zero) == (True, True, 0, 13.3742)
    stopped = parse_stdout(standard_output(is_interrupted=True))
    assert (stopped.is_complete, stopped.is_interrupted, stopped.is_saved, stopped.chains) == (False, True, True, 4)


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (
            "%%%\n     Error in routine input_xspectra (5010):\n     reading namelist\n %%%",
            "input_xspectra (5010): reading",
        ),
        ("Fortran runtime error: End of file", "End of file"),
        (" Please choose the one you want", "choose"),
        ("ERROR: core wavefunction file X does not exist or is not located in the right folder !", "does not exist"),
        ("Error in routine \x00read\x1b (1):\n  \x07lost {file}\n", "read (1): lost {file}"),
        ("", None),
    ],
)
def test_the_program_says_why_it_stopped(text, failure):
    found = parse_stdout(text).failure
    assert found == failure if failure is None else failure in found


@pytest.mark.parametrize("is_finished", [True, False])
def test_the_head_of_the_coefficients_is_read(is_finished):
    head = parse_save_head(save_file((0.0, 0.6, 0.8), is_finished))
    assert (head.is_finished, head.spins, head.kpoints) == (is_finished, 1, 4)
    assert head.polarisation.tolist() == [0.0, 0.6, 0.8]
    assert head.fermi == pytest.approx(13.37422)


@pytest.mark.parametrize(
    "text", ["", "# save_file_version=       1\n" * 20, save_file()[:200], save_file().replace(" 1.0", " x")]
)
def test_other_coefficients_are_refused(text):
    with pytest.raises(XspectraOutputError):
        parse_save_head(text)


def damaged(text: str, seed: int) -> str:
    """Return a text that was cut, or in which a few characters or lines were removed, repeated or replaced."""
    generator = random.Random(seed)  # noqa: S311
    characters = list(text)
    for _ in range(generator.randint(1, 4)):
        at, length = generator.randrange(len(characters) + 1), generator.choice([1, 1, 3, 30, 500])
        part = characters[at : at + length]
        replacement = generator.choice([[], part * 2, list("*" * len(part)), list("\x00é9\n- 1.E5 NaN"), part[::-1]])
        characters[at : at + length] = replacement
    return "".join(characters[: generator.choice([len(characters), generator.randrange(len(characters) + 1)])])


@pytest.mark.parametrize("spins", [1, 2])
def test_damaged_files_are_refused_or_read_as_they_are(spins):
    text, accepted = spectrum_file(spins), 0
    for seed in range(1500):
        mutated = damaged(text, seed)
        try:
            spectrum = parse_spectrum(mutated, *GRID)
        except XspectraOutputError:
            continue
        accepted += 1
        columns = np.loadtxt(mutated.encode("utf-8").decode("latin-1").splitlines(), comments="#", ndmin=2).T
        assert np.array_equal(columns[0], spectrum.energy)
        assert np.array_equal(columns[1], spectrum.sigma)
        assert np.count_nonzero(columns[1] != intensities()[0]) <= 4  # digits for digits, which nothing can tell
    assert accepted < 300


def test_damaged_reports_never_raise_and_never_move_the_zero():
    text = standard_output(xe0=None)
    for seed in range(1500):
        report = parse_stdout(damaged(text, seed))
        assert report.energy_zero in (None, 13.3742) or not report.is_complete
        try:
            parse_save_head(damaged(save_file(), seed))
        except XspectraOutputError:
            continue


def test_a_line_of_blanks_is_read_once():
    """A search for the second word of a time that begins anew at every blank would take minutes."""
    assert parse_stdout("     xanes        : 1s" + " " * 300_000).cpu_seconds is None
