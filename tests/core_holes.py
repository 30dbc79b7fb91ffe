"""Datasets with a core hole for tests: those of carbon by the real ``ld1.x``, which takes a fifth of a second each."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aiida_gbml.data.core_hole_pair import HOLES, CoreHolePairData
from aiida_gbml.science.engines.ld1 import parse_ld1
from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair
from aiida_gbml.science.spectra.recipes import Recipe, recipes

STDOUT = "ld1.out"


def run_ld1(program: Path, folder: Path, recipe: Recipe, shell: str, hole: str) -> dict[str, bytes]:
    """Return the files of a run of ``ld1.x``, by name; its output is ``ld1.out``."""
    text = recipe.input_text(shell, hole, recipe.pseudo_filename(shell, hole))
    done = subprocess.run([program], cwd=folder, input=text.encode(), capture_output=True, check=False)
    return {**{path.name: path.read_bytes() for path in folder.iterdir()}, STDOUT: done.stdout}


@pytest.fixture(scope="session")
def carbon(ld1_x: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, bytes]]:
    """Return a function that gives the files of carbon with a hole in 1s: 'none', 'half' or 'full'."""
    found: dict[str, dict[str, bytes]] = {}

    def files(hole: str) -> dict[str, bytes]:
        if hole not in found:
            found[hole] = run_ld1(ld1_x, tmp_path_factory.mktemp(hole), recipes()["C"], "1s", hole)
        return found[hole]

    return files


@pytest.fixture(scope="session")
def carbon_upf(carbon: Callable[[str], dict[str, bytes]]) -> Callable[[str], bytes]:
    """Return a function that gives the dataset of carbon with a hole: 'none', 'half' or 'full'."""
    return lambda hole: carbon(hole)[recipes()["C"].pseudo_filename("1s", hole)]


@pytest.fixture(scope="session")
def carbon_pair(
    carbon: Callable[[str], dict[str, bytes]], carbon_upf: Callable[[str], bytes]
) -> Callable[[str], CoreHolePair]:
    """Return a function that gives the pair of carbon with a hole: 'half' or 'full'."""

    def energies(hole: str) -> AtomEnergies:
        result = parse_ld1(carbon(hole)[STDOUT].decode())
        assert result.all_electron_energy_ry is not None
        assert result.pseudo_energy_ry is not None
        return AtomEnergies(result.all_electron_energy_ry, result.pseudo_energy_ry)

    def pair(hole: str) -> CoreHolePair:
        return CoreHolePair(  # noqa: S604 (a shell of electrons)
            ground=carbon_upf("none"),
            hole=carbon_upf(hole),
            shell="1s",
            occupation_removed=HOLES[hole],
            ground_energies=energies("none"),
            hole_energies=energies(hole),
            recipe_checksum=recipes()["C"].checksum,
        )

    return pair


@pytest.fixture
def carbon_pair_data(carbon_pair: Callable[[str], CoreHolePair]) -> Callable[..., CoreHolePairData]:
    """Return a function that gives the unstored node of a pair of carbon, with attributes of one's own."""

    def node(hole: str = "full", **facts: object) -> CoreHolePairData:
        given = {"recipe": "C", "cutoff_wfc": 45.0, "cutoff_rho": 360.0, "verdict": "passed", "problems": [], **facts}
        return CoreHolePairData(carbon_pair(hole), given)

    return node
