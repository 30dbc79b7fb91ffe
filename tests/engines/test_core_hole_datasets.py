"""Datasets that the real ld1.x makes by our recipes, against published numbers and against each other."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.engines.ld1 import (
    ALL_ELECTRON_DERIVATIVES,
    PSEUDO_DERIVATIVES,
    Ld1Result,
    parse_ld1,
    parse_log_derivatives,
)
from aiida_gbml.science.engines.upf import core_orbitals_text, read_upf
from aiida_gbml.science.spectra import pseudo_checks
from aiida_gbml.science.spectra.atom_test import TESTED, atom_test_text
from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair
from aiida_gbml.science.spectra.pseudo_checks import Checks, verdict
from aiida_gbml.science.spectra.recipes import REMOVED, recipes

pytestmark = pytest.mark.quantum_espresso

PUBLISHED = {("F", "1s"): 964.49, ("Si_d", "2p"): 153.76}
"""Core terms in eV of the aiida-qe-xspec project, whose datasets have the same radii."""
EIGENVALUES = {"none": -1.01067, "full": -2.19814}
"""Of the 2s level of carbon with PBE in Ry."""
QUANTUM_NUMBERS = {"1s": (1, 0), "2p": (2, 1)}


@dataclass(frozen=True)
class Made:
    """A dataset with what was said about it."""

    content: bytes
    result: Ld1Result
    folder: Path

    @property
    def energies(self) -> AtomEnergies:
        assert self.result.all_electron_energy_ry is not None
        assert self.result.pseudo_energy_ry is not None
        return AtomEnergies(self.result.all_electron_energy_ry, self.result.pseudo_energy_ry)


Make = Callable[[str, str, str], Made]


def run(ld1_x: Path, folder: Path, text: str, pseudo: str) -> Made:
    """Run ld1.x in a folder."""
    done = subprocess.run([ld1_x], input=text, cwd=folder, capture_output=True, text=True, check=False)
    result = parse_ld1(done.stdout)
    assert result.failure is None
    return Made((folder / pseudo).read_bytes(), result, folder)


@pytest.fixture(scope="module")
def make(ld1_x: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return a function that makes a dataset by a recipe, once."""

    @cache
    def made(name: str, shell: str, hole: str) -> Made:
        recipe = recipes()[name]
        pseudo = recipe.pseudo_filename(shell, hole)
        return run(ld1_x, tmp_path_factory.mktemp(name), recipe.input_text(shell, hole, pseudo), pseudo)

    return made


def pair(ground: Made, hole: Made, name: str, shell: str, size: str) -> CoreHolePair:
    """Return two datasets as a pair."""
    checksum = recipes()[name].checksum
    return CoreHolePair(ground.content, hole.content, shell, REMOVED[size], ground.energies, hole.energies, checksum)


@pytest.mark.parametrize(("name", "shell"), PUBLISHED)
def test_core_terms_are_the_published_ones(make: Make, name: str, shell: str) -> None:
    ground, hole = (make(name, shell, size) for size in ("none", "full"))
    made = pair(ground, hole, name, shell, "full")
    assert made.core_term == pytest.approx(PUBLISHED[name, shell], abs=0.01)
    assert made.supports({"1s": "K", "2p": "L23"}[shell]) is None


def test_eigenvalues_of_carbon_are_those_of_the_all_electron_atom(make: Make) -> None:
    for hole, expected in EIGENVALUES.items():
        level = make("C", "1s", hole).result.levels[0]
        assert (level.label, level.ae_ry) == ("2S", pytest.approx(expected, abs=1e-4))
        assert level.ps_ry == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["C", "O", "F", "Mg", "Si_d", "Cu"])
def test_datasets_fit_their_atom(make: Make, name: str) -> None:
    recipe = recipes()[name]
    wanted = [("1s", "none"), *((shell, hole) for shell, holes in recipe.holes.items() for hole in holes)]
    for shell, hole in wanted:
        made = make(name, shell, hole)
        tables = [
            parse_log_derivatives((made.folder / table).read_text())
            for table in (ALL_ELECTRON_DERIVATIVES, PSEUDO_DERIVATIVES)
        ]
        upf = read_upf(made.content)
        checks = Checks(
            level_error=pseudo_checks.eigenvalue_difference(made.result.levels),
            derivative_error=pseudo_checks.log_derivative_difference(*tables),
            core_norm=pseudo_checks.core_norm(upf, *QUANTUM_NUMBERS[shell]) if recipe.holes else None,
            overlap=upf.overlaps[0],
        )
        assert verdict(checks) == [], f"{name} {shell} {hole}"


def test_half_of_the_hole_costs_less_than_half(make: Make) -> None:
    # The atom relaxes: its energy is convex in the occupation, by J. C. Slater's transition-state argument.
    made = {hole: make("C", "1s", hole) for hole in REMOVED}
    terms = {
        size: made[size].energies.all_electron_ry - made["none"].energies.all_electron_ry for size in ("half", "full")
    }
    assert 0 < 2 * terms["half"] < terms["full"]


def test_a_dataset_from_elsewhere_has_the_same_energies_when_it_is_tested(
    make: Make, ld1_x: Path, tmp_path: Path
) -> None:
    for hole in ("none", "full"):
        made = make("C", "1s", hole)
        folder = tmp_path / f"test_{hole}"
        folder.mkdir()
        (folder / TESTED).write_bytes(made.content)
        text = atom_test_text(recipes()["C"], "1s", hole, read_upf(made.content))
        tested = run(ld1_x, folder, text, TESTED)
        assert tested.energies.core_ry == pytest.approx(made.energies.core_ry, abs=1e-4)


def test_core_orbitals_of_both_versions_of_the_format_agree(make: Make) -> None:
    # The file of version 1 that Debian ships was made with another configuration of the valence: 2s2 2p1.5.
    shipped = Path("/usr/share/doc/quantum-espresso/examples/XSpectra/pseudo/C_PBE_TM_2pj.UPF.gz")
    if not shipped.exists():
        pytest.skip("the examples of Quantum ESPRESSO are not installed")
    old = read_upf(gzip.decompress(shipped.read_bytes()))
    new = read_upf(make("C", "1s", "none").content)
    np.testing.assert_allclose(old.mesh, new.mesh, rtol=1e-9)
    np.testing.assert_allclose(old.core_orbitals[0].values, new.core_orbitals[0].values, atol=5e-3)
    assert len(core_orbitals_text(old).splitlines()) == len(core_orbitals_text(new).splitlines()) == len(old.mesh) + 2
