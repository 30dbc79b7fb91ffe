"""A dataset of spectra by `show`, `explain`, `plot` and `export`; no program runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase.io import read
from click.testing import CliRunner
from datasets import chain_of_oxygen, magnesia

from aiida_gbml.cli import results
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.dataset import SpectraFile, tables_from_rows


@pytest.fixture
def dataset(spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> orm.WorkChainNode:
    """Return a dataset of a crystal and a molecule of two atoms, with two failed rows in it."""
    monkeypatch.setattr(datasets.FakeSite, "fail", frozenset({2}))
    return run_get_node(spectra_dataset([magnesia(), chain_of_oxygen(3)], ["none", "full"]))[1]


def call(command: str, *arguments: object, expect: int = 0) -> str:
    result = CliRunner().invoke(getattr(results, command), [str(one) for one in arguments])
    assert result.exit_code == expect, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result.output


def test_a_dataset_is_shown_explained_drawn_and_written(
    dataset: orm.WorkChainNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One dataset for all commands, for it takes its time."""
    monkeypatch.chdir(tmp_path)
    shown = call("show", dataset.pk, "--rows", 4)
    assert f"Dataset of spectra {dataset.pk}: finished" in shown
    assert "transition (eV)" in shown
    assert "531.0000" in shown
    data = dataset.outputs.dataset
    assert f"Dataset of spectra {data.pk}: stored" in call("show", data.pk)
    assert len(json.loads(call("show", data.uuid, "--json"))["rows"]) == 8

    explained = call("explain", dataset.pk)
    assert "2 spectra: " in explained
    assert "  -> use a lower `mixing_beta`" in explained

    paths = [Path(line) for line in call("plot", dataset.pk, "--format", "png", "-o", tmp_path / "p").splitlines()]
    names = [path.name.removeprefix(f"spectra_{dataset.pk}_O_K_") for path in paths]
    assert names == [
        *("0_sites_none.png", "0_sites_full.png", "1_sites_none.png", "1_sites_full.png"),
        *("0_treatments.png", "1_treatments.png", "sum_none.png", "sum_full.png"),
    ]
    assert all(path.stat().st_size > 5000 for path in paths)
    measured = tmp_path / "measured.csv"
    energy = np.arange(520.0, 560.0, 0.5)
    measured.write_text("\n".join(f"{x},{np.exp(-((x - 533) ** 2))}" for x in energy))
    laid_over = call("plot", dataset.pk, "--kind", "treatments", "--measured", measured, "--format", "svg")
    assert len(laid_over.splitlines()) == 2
    assert "no picture 'gamma' of a spectra" in call("plot", dataset.pk, "--kind", "gamma", expect=1)

    assert call("export", dataset.pk).strip().endswith(f"wrote spectra_{dataset.pk}.h5")
    with SpectraFile(Path(f"spectra_{dataset.pk}.h5")) as file:
        assert file.count("O_K") == 8
    for file_format, count in {"csv": 1, "json": 1, "qm9": 1, "msa": 6, "xdi": 6, "extxyz": 1}.items():
        assert len(call("export", dataset.pk, "--format", file_format).splitlines()) == count, file_format
    structures = read(f"spectra_{dataset.pk}.extxyz", index=":")
    assert [len(atoms) for atoms in structures] == [2, 3]
    assert np.isfinite(structures[0].arrays["spectrum_O_K_full"][1]).sum() > 100
    assert "already" in call("export", dataset.pk, expect=1)
    assert "not written as 'cif'" in call("export", dataset.pk, "--format", "cif", expect=1)


def test_warnings_of_the_spectra_are_explained_with_the_number_of_rows() -> None:
    curve = {"element": "O", "edge": "K", "energy": [530.0, 531.0, 532.0], "intensity": [0.0, 1.0, 2.0]}
    told = ("a wide band; 3 of 9 chains ended", "a wide band", "")
    node = SpectraDatasetData(tables_from_rows([{**curve, "warnings": text} for text in told], 1.0)).store()
    explained = call("explain", node.pk)
    assert "2 spectra with a warning: a wide band\n" in explained
    assert "1 spectrum with a warning: 3 of 9 chains ended\n" in explained
    bare = SpectraDatasetData(tables_from_rows([curve], 1.0)).store()
    assert "nothing failed" in call("explain", bare.pk)


def test_the_spectrum_of_a_site_is_shown_drawn_and_written(
    spectra_dataset: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    node = run_get_node(spectra_dataset([magnesia()], ["none", "full"]))[1]
    site: Any = next(one for one in node.called if one.process_label == "FakeSite")  # type: ignore[attr-defined]
    spectrum = site.outputs.spectra.full
    shown = call("show", spectrum.pk)
    assert "transition_energy" in shown
    assert "531.0000" in shown
    assert "nothing failed" in call("explain", spectrum.pk)
    (path,) = call("plot", spectrum.pk, "--format", "png").splitlines()
    assert path == f"spectrum_{spectrum.pk}_O_K_0_sites_full.png"
    assert call("export", spectrum.pk, "--format", "msa").strip().endswith(f"wrote spectrum_{spectrum.pk}.msa")
