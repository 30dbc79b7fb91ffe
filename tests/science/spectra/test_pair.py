"""Datasets that belong together, and those that do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from core_hole_data import upf

from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair, PairError

GROUND, HOLE = upf("O", 6.0), upf("O", 7.0)
PAIR = CoreHolePair(GROUND, HOLE, "1s", 1.0)


def changed(old: str, new: str) -> bytes:
    """Return the dataset with the hole, changed."""
    assert old in HOLE.decode()
    return HOLE.decode().replace(old, new).encode()


def test_the_core_term_is_what_the_pseudo_atoms_leave_out() -> None:
    # Silicon 2p, published to two decimals by the aiida-qe-xspec project for the same recipe: 153.76 eV.
    ground, hole = AtomEnergies(-579.674871, -11.022319), AtomEnergies(-571.586648, -14.235273)
    assert replace(PAIR, ground_energies=ground, hole_energies=hole).core_term == pytest.approx(153.76, abs=0.005)
    assert PAIR.core_term is None


def test_a_pair_hands_out_its_core_orbitals() -> None:
    assert (PAIR.element, PAIR.orbitals) == ("O", [(1, 0)])
    assert PAIR.core_orbitals_text.startswith("# number of core states 1 =  1 0;")


def test_an_edge_needs_its_hole_orbital_and_projectors() -> None:
    assert PAIR.supports("K") is None
    for edge, reason in (("L1", "needs a hole in 2s"), ("L23", "needs a hole in 2p"), ("M5", "is not one of K")):
        assert reason in str(PAIR.supports(edge))
    assert "no core orbital 2p" in str(CoreHolePair(GROUND, HOLE, "2p", 1.0).supports("L3"))
    no_p = changed('<PP_GIPAW_ORBITAL.2 l="1">', '<PP_GIPAW_ORBITAL.2 l="0">')
    alike = no_p.replace(b'z_valence="7.0"', b'z_valence="6.0"')
    assert "no GIPAW orbital of p" in str(CoreHolePair(alike, no_p, "1s", 1.0).supports("K"))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: upf("N", 7.0), "element is O in the ground state and N with the hole"),
        (lambda: upf("O", 7.0, "PBESOL"), "functional"),
        (lambda: changed('pseudo_type="NC"', 'pseudo_type="PAW"'), "pseudo type"),
        (lambda: changed('l_max="1"', 'l_max="2"'), "l max"),
        (lambda: changed('<PP_BETA.2 angular_momentum="1"', '<PP_BETA.2 angular_momentum="0"'), "projectors"),
        (lambda: changed("by A. Dal Corso", "").replace(b"atomic", b"opium"), "program"),
        (lambda: changed("5.000000E+00", "5.100000E+00"), "meshes differ"),
        (lambda: upf("O", 6.5), "charges differ by 0.5, the hole is 1"),
        (lambda: GROUND, "charges differ by 0"),
        (lambda: b"", "core-hole dataset cannot be used"),
    ],
)
def test_a_foreign_dataset_is_refused(build: Callable[[], bytes], message: str) -> None:
    with pytest.raises(PairError, match=message):
        CoreHolePair(GROUND, build(), "1s", 1.0)


def test_two_versions_of_the_program_make_no_pair_of_a_recipe() -> None:
    newer = changed("v.6.7", "v.7.5")
    assert CoreHolePair(GROUND, newer, "1s", 1.0).supports("K") is None
    with pytest.raises(PairError, match="generator"):
        CoreHolePair(GROUND, newer, "1s", 1.0, recipe_checksum="0" * 32)


def test_holes_and_energies_must_make_sense() -> None:
    with pytest.raises(PairError, match="shell"):
        CoreHolePair(GROUND, HOLE, "3d", 1.0)
    with pytest.raises(PairError, match=r"expected 0\.5 or 1"):
        CoreHolePair(GROUND, HOLE, "1s", 0.3)
    with pytest.raises(PairError, match="one dataset only"):
        replace(PAIR, ground_energies=AtomEnergies(-150.0, -31.0))
    with pytest.raises(PairError, match="core term"):
        replace(PAIR, ground_energies=AtomEnergies(-100.0, -31.0), hole_energies=AtomEnergies(-150.0, -31.0))
