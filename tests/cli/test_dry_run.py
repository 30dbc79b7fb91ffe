"""What a search would do, said without doing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write
from searches import BOUNDARY, SPACE

from aiida_gbml.cli.dry_run import describe


@pytest.fixture
def settings(copper_cif: Path) -> dict[str, Any]:
    return {"crystal": copper_cif, "boundary": BOUNDARY, "overrides": {"space": SPACE, "budget": 10}}


def described(settings: dict[str, Any]) -> dict[str, str]:
    """Return the text of each line by its first word or words."""
    return {line[:14].strip(): line[14:] for line in describe(settings).splitlines()}


def test_the_boundary_and_its_candidates_are_counted(settings: dict[str, Any], candidates: Any) -> None:
    """Sigma 5 (210): the periods are a sqrt(5) and a face diagonal's half of it, so that the area is a² sqrt(5) / 2."""
    lines = described(settings)
    assert lines["boundary"] == "sigma 5 (2 1 0) [0 0 1] symmetric tilt, 53.13°"
    assert lines["cell"] == f"14 atoms, boundaries: 2 of {3.615**2 * np.sqrt(5) / 2:.2f} Å²"
    assert lines["candidates"] == f"{len(candidates)}, {candidates.n_before} before the reduction by symmetry"


def test_the_sanity_of_the_candidates_is_told(settings: dict[str, Any]) -> None:
    """The bond of copper is a / sqrt(2); with a gap the density is below that of the bulk, 8.93 g/cm³."""
    lines = described(settings)
    assert f"bulk {3.615 / np.sqrt(2):.2f} Å" in lines["closest pair"]
    low, _, high = lines["closest pair"].partition(" Å")[0].split()
    assert 0.6 * 3.615 / np.sqrt(2) <= float(low) + 0.005
    assert float(low) <= float(high) <= 3.615 / np.sqrt(2) + 0.005
    assert 7.0 < float(lines["density"].split()[0]) < 8.93
    assert lines["composition"].startswith("stoichiometric, lattice mismatch ")


def test_ions_are_neutral_together(tmp_path: Path) -> None:
    path = tmp_path / "magnesium_oxide.cif"
    write(path, bulk("MgO", "rocksalt", a=4.212, cubic=True))
    boundary = {"sigma": 5, "axis": [0, 0, 1], "plane": [3, 1, 0], "charges": {"Mg": 2, "O": -2}}
    lines = described({"crystal": path, "boundary": boundary, "overrides": {"space": SPACE}})
    assert "stoichiometric, net charge +0 e" in lines["composition"]


@pytest.mark.parametrize("place", ["engine", "verification"])
def test_a_missing_potential_is_refused(settings: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=r"there is no potential file 'missing\.yaml'"):
        describe({**settings, place: {"potential": "missing.yaml"}})


@pytest.mark.parametrize("engine", ["lammps", "pw", "gbml.evaluation.emt"])
def test_every_engine_has_its_line(settings: dict[str, Any], engine: str) -> None:
    text = described({**settings, "engine": {"name": engine}})["engine"]
    assert text.startswith(f"{engine}: up to 10 relaxations")
    assert ("unknown cost" in text) == (engine == "gbml.evaluation.emt")


def test_no_more_than_all_candidates_are_relaxed(settings: dict[str, Any], candidates: Any) -> None:
    for budget in (0, 10_000):
        everything = {**settings, "overrides": {"space": SPACE, "budget": budget}}
        assert f"up to {len(candidates)} relaxations" in described(everything)["engine"]


def test_a_second_engine_relaxes_its_basins(settings: dict[str, Any]) -> None:
    assert "verification" not in described(settings)
    assert "pw: up to 2 relax" in described({**settings, "verification": {"name": "pw", "n_basins": 2}})["verification"]
    by_protocol = described({**settings, "verification": {"name": "pw"}})["verification"]
    assert "pw: up to 3 relax" in by_protocol


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"crystal": None}, "which crystal"),
        ({"boundary": {**BOUNDARY, "sigma": 4}}, "there is no sigma 4"),
        ({"protocol": "quick"}, "quick"),
        ({"overrides": {"space": {"gap": 1}}}, "unknown setting 'gap'"),
    ],
)
def test_what_cannot_be_searched_is_named(settings: dict[str, Any], changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        describe({**settings, **changes})
