"""Files of a search, read back by the tools that they are for."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from ase.calculators.emt import EMT
from ase.io import read

from aiida_gbml.cli.export import write
from aiida_gbml.workflows.interfaces.view import SearchView

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def view(search: orm.WorkChainNode) -> SearchView:
    return SearchView(search)


def columns(search: orm.WorkChainNode) -> dict[str, Any]:
    return dict(search.outputs.evaluated.structures.columns)


def test_extxyz_holds_every_structure_with_its_energies(view: SearchView, tmp_path: Path) -> None:
    """The energies are those that the engine gives to the positions that were written."""
    write(view, "extxyz", tmp_path / "all.extxyz")
    frames = read(tmp_path / "all.extxyz", index=":")
    assert len(frames) == 6
    for row, atoms in enumerate(frames):
        assert atoms.info["excess_energy"] == pytest.approx(columns(view.node)["excess_energy"][row], abs=1e-6)
        stored = atoms.get_potential_energy()
        atoms.calc = EMT()
        assert stored == pytest.approx(atoms.get_potential_energy(), abs=1e-5)


def test_cif_holds_the_most_stable_structure(view: SearchView, tmp_path: Path) -> None:
    write(view, "cif", tmp_path / "best.cif")
    atoms, best = read(tmp_path / "best.cif"), view.node.outputs.best_structure.get_ase()
    np.testing.assert_allclose(atoms.cell.cellpar(), best.cell.cellpar(), atol=1e-3)
    for one in (atoms, best):
        one.calc = EMT()
    assert atoms.get_potential_energy() == pytest.approx(best.get_potential_energy(), abs=1e-2)


def test_csv_holds_the_ranking(view: SearchView, tmp_path: Path) -> None:
    write(view, "csv", tmp_path / "ranking.csv")
    with (tmp_path / "ranking.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["excess_energy"]) for row in rows] == sorted(columns(view.node)["excess_energy"])
    translations = [[float(row["translation_x"]), float(row["translation_y"])] for row in rows]
    order = np.argsort(columns(view.node)["excess_energy"])
    np.testing.assert_array_equal(translations, columns(view.node)["translation"][order])


def test_json_holds_the_summary_and_the_ranking(view: SearchView, tmp_path: Path) -> None:
    write(view, "json", tmp_path / "search.json")
    content = json.loads((tmp_path / "search.json").read_text(encoding="utf-8"))
    assert content["uuid"] == view.node.uuid
    assert content["summary"] == view.node.outputs.interface.get_dict()
    assert content["ranking"][0]["excess_energy"] == pytest.approx(content["summary"]["gb_energy"])
    assert len(content["ranking"]) == 6


@pytest.mark.parametrize("file_format", ["extxyz", "cif", "csv", "json"])
def test_an_unfinished_search_has_nothing_to_export(
    unfinished: orm.WorkChainNode, tmp_path: Path, file_format: str
) -> None:
    with pytest.raises(ValueError, match=f"search {unfinished.pk} has no structures to export: it is created"):
        write(SearchView(unfinished), file_format, tmp_path / "out")
    assert not (tmp_path / "out").exists()
