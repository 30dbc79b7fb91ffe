"""What is read from pseudopotential files, and that damaged ones are refused by one kind of error."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from aiida_gbml.science.engines.upf import UpfError, core_orbitals_text, read_upf

MESH = np.array([0.1, 0.2, 0.4, 0.8, 1.6])


def listed(values: np.ndarray) -> str:
    """Return numbers as Fortran writes them."""
    return "\n".join(f"  {value:.11E}" for value in values)


def version_1(orbitals: tuple[tuple[int, int], ...] = ((1, 0), (2, 0), (2, 1))) -> str:
    """Return an ultrasoft file of version 1, in which values come first and their names second."""
    cores = "".join(
        f"<PP_GIPAW_CORE_ORBITAL>\n {n} {k} N L {n}X eig: -1.0\n{listed(10 * n + k + MESH)}\n</PP_GIPAW_CORE_ORBITAL>\n"
        for n, k in orbitals
    )
    return f"""<PP_INFO>
Generated using "atomic" code by A. Dal Corso  (espresso distribution)
</PP_INFO>
<PP_HEADER>
   0                   Version Number
  Cu                   Element
   US                  Ultrasoft pseudopotential
    T                  Nonlinear Core Correction
 SLA  PW   PBX  PBC    PBE  Exchange-Correlation functional
   11.50000000000      Z valence
 -108.00586871626      Total energy
     26.865      0.000 Suggested cutoff for wfc and rho
    2                  Max angular momentum component
    5                  Number of points in mesh
    7    2             Number of Wavefunctions, Number of Projectors
</PP_HEADER>
<PP_MESH><PP_R>
{listed(MESH)}
</PP_R></PP_MESH>
<PP_BETA>
    1    0             Beta    L
</PP_BETA>
<PP_BETA>
    2    1             Beta    L
</PP_BETA>
<PP_GIPAW_CORE_ORBITALS>
     3
{cores}</PP_GIPAW_CORE_ORBITALS>
<PP_GIPAW_AE_ORBITAL>
  4P       1
</PP_GIPAW_AE_ORBITAL>
"""


def version_2(charge: float = 0.0, exponent: str = "") -> str:
    """Return an ultrasoft file of version 2 with one s projector of norm 1 and the charge ``q`` in it."""
    beta = np.full(5, np.sqrt(1 / 1.5))  # its square integrates to 1 from 0.1 to 1.6
    return f"""<UPF version="2.0.1">
<PP_INFO>Generated using "atomic" code by A. Dal Corso  v.6.7MaX
</PP_INFO>
<PP_HEADER
 generated='Generated using "atomic" code by A. Dal Corso  v.6.7MaX' element=" C" pseudo_type="USPP"
 functional="SLA-PW-PBX-PBC" z_valence="4.0000000000000000" l_max="1" mesh_size="5"
 wfc_cutoff="40.18" rho_cutoff="326.2"/>
<PP_MESH dx="0.7"><PP_R size="5">{listed(MESH)}</PP_R></PP_MESH>
<PP_NONLOCAL>
<PP_BETA.1 index="1" angular_momentum="0">{listed(beta)}</PP_BETA.1>
<PP_Q size="1">{charge:.6E}</PP_Q>
</PP_NONLOCAL>
<PP_GIPAW gipaw_data_format="2">
<PP_GIPAW_CORE_ORBITAL.1 size="5" label="1S" n="1.0000000000000000" l="0.0000000000000000">
{listed(MESH)[:-4]}{exponent or listed(MESH)[-4:]}
</PP_GIPAW_CORE_ORBITAL.1>
<PP_GIPAW_ORBITAL.1 index="1" label="2S" l="0"> </PP_GIPAW_ORBITAL.1>
<PP_GIPAW_ORBITAL.2 index="2" label="2P" l="1"> </PP_GIPAW_ORBITAL.2>
</PP_GIPAW>
</UPF>
"""


def test_version_1_is_read() -> None:
    upf = read_upf(version_1().encode())
    assert (upf.element, upf.pseudo_type, upf.functional, upf.z_valence, upf.l_max) == ("Cu", "US", "PBE", 11.5, 2)
    assert (upf.program, upf.cutoff_wfc, upf.cutoff_rho) == ("atomic", 26.865, None)
    assert (upf.projectors, upf.gipaw_projectors, upf.overlaps) == ((0, 1), (1,), ())
    assert [(orbital.n, orbital.l) for orbital in upf.core_orbitals] == [(1, 0), (2, 0), (2, 1)]
    np.testing.assert_allclose(upf.mesh, MESH)
    np.testing.assert_allclose(upf.core_orbitals[2].values, 21 + MESH)


def test_version_2_is_read() -> None:
    upf = read_upf(version_2().encode())
    assert (upf.element, upf.pseudo_type, upf.functional, upf.z_valence, upf.l_max) == ("C", "US", "PBE", 4.0, 1)
    assert (upf.program, upf.cutoff_wfc, upf.cutoff_rho) == ("atomic", 40.18, 326.2)
    assert upf.generator.endswith("v.6.7MaX")
    assert (upf.projectors, upf.gipaw_projectors) == ((0,), (0, 1))
    np.testing.assert_allclose(upf.core_orbitals[0].values, MESH)


@pytest.mark.parametrize("charge", [-2.0, 0.0, 0.5])
def test_the_overlap_operator_of_one_normalised_projector_is_one_plus_its_charge(charge: float) -> None:
    assert read_upf(version_2(charge).encode()).overlaps == pytest.approx((1 + charge,))


def test_exponents_of_three_digits_lose_their_letter_in_fortran() -> None:
    upf = read_upf(version_2(exponent="-101").encode())
    assert upf.core_orbitals[0].values[-1] == pytest.approx(1.6e-101)


def test_core_orbitals_are_written_in_the_order_in_which_they_are_skipped() -> None:
    lines = core_orbitals_text(read_upf(version_1().encode())).split("\n")
    size = len(MESH)
    begins = [1, size + 2, 2 * size + 3]  # lines that xspectra.x skips for 1s, 2s and 2p
    for begin, expected in zip(begins, (10, 20, 21), strict=True):
        table = np.array([line.split() for line in lines[begin : begin + size]], dtype=float)
        np.testing.assert_allclose(table, np.transpose([MESH, expected + MESH]))
        assert lines[begin + size] == ""


@pytest.mark.parametrize("orbitals", [(), ((2, 0),), ((1, 0), (2, 1)), ((1, 0), (2, 0), (3, 0))])
def test_a_missing_core_orbital_is_refused(orbitals: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(UpfError, match="core orbital"):
        core_orbitals_text(read_upf(version_1(orbitals).encode()))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('element=" C"', 'element="; rm"', "element"),
        ('pseudo_type="USPP"', 'pseudo_type="1/r"', "type"),
        ('mesh_size="5"', 'mesh_size="6"', "mesh has 5"),
        ("8.00000000000E-01", "1.00000000000E-01", "do not grow"),
        ("8.00000000000E-01", "NaN", "not finite"),
        ("8.00000000000E-01", "9e999", "not finite"),
        ("8.00000000000E-01", "eight", "damaged"),
        ("</PP_R>", "", "does not end"),
        ('z_valence="4.0', 'z_valence="-4.0', "charge"),
        ('n="1.0', 'n="0.0', "core orbital"),
        ("PP_HEADER", "pp_header", "PP_HEADER"),
    ],
)
def test_a_damaged_file_is_refused_with_a_reason(old: str, new: str, message: str) -> None:
    assert old in version_2()
    with pytest.raises(UpfError, match=message):
        read_upf(version_2().replace(old, new).encode())


@pytest.mark.parametrize(
    "bomb",
    ["<PP_R " * 100_000, "<PP_BETA.1 " * 100_000, "<PP_R>" * 100_000 + "</PP_R>", "<PP_HEADER " + "a" * 300_000 + ">"],
    ids=["openings", "projectors", "one end for many", "one long word"],
)
@pytest.mark.parametrize("place", ["<PP_HEADER", "</UPF>"])
def test_no_part_of_a_file_is_read_again_and_again(bomb: str, place: str) -> None:
    """Some of these would take minutes or gigabytes if every opening were searched to the end of the file."""
    with contextlib.suppress(UpfError):
        assert read_upf(version_2().replace(place, bomb + place).encode()).element == "C"


@pytest.mark.parametrize("text", [version_1(), version_2()])
def test_thousands_of_mutations_raise_nothing_else(text: str) -> None:
    generator = np.random.default_rng(7)
    content = np.frombuffer(text.encode(), dtype=np.uint8)
    for _ in range(1500):
        mutated = content.copy()
        places = generator.integers(0, len(content), 4)
        mutated[places] = generator.integers(0, 256, 4)
        end = int(generator.integers(1, len(content) + 1)) if generator.random() < 0.3 else len(content)
        try:
            upf = read_upf(mutated[:end].tobytes())
        except UpfError:
            continue
        assert np.all(np.isfinite(upf.mesh))
