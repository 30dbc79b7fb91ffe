"""`verdi data gbml.spectra`, as a user types it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aiida_gbml.cli.spectra_data import spectra
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.dataset import SpectraFile, tables_from_rows

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def stored(*rows: tuple[str, str, str]) -> SpectraDatasetData:
    """Return a dataset of an element, an edge and a formula each."""
    curve = {"energy": [530.0, 531.0, 532.0], "intensity": [0.0, 1.0, 2.0], "treatment": "full"}
    given = [
        {**curve, "element": element, "edge": edge, "formula": formula, "site": site, "structure_uuid": formula}
        for site, (element, edge, formula) in enumerate(rows)
    ]
    return SpectraDatasetData(tables_from_rows(given, 1.0)).store()


def call(*arguments: Any, expect: int = 0) -> str:
    result = CliRunner().invoke(spectra, [str(one) for one in arguments])
    assert result.exit_code == expect, result.output
    assert "Traceback" not in result.output
    return result.output


def test_datasets_are_found_by_what_is_in_them() -> None:
    magnesia, methane = stored(("O", "K", "MgO"), ("Si", "L23", "O2Si")), stored(("C", "K", "CH4"))
    assert [line.split()[0] for line in call("list", "--raw").splitlines()] == [str(methane.pk), str(magnesia.pk)]
    for options, found in (
        (["--element", "O"], magnesia),
        (["--edge", "L23"], magnesia),
        (["--formula", "CH4"], methane),
        (["--element", "C", "--edge", "K"], methane),
    ):
        assert [line.split()[0] for line in call("list", "--raw", *options).splitlines()] == [str(found.pk)]
    assert "nothing fits" in call("list", "--element", "O", "--edge", "L23")
    assert "O_K Si_L23" in call("list", "--formula", "MgO")


def test_a_dataset_is_shown_and_its_parts_are_written(tmp_path: Path) -> None:
    node = stored(("O", "K", "MgO"), ("O", "K", "SiO2"), ("C", "K", "CH4"))
    assert f"Dataset of spectra {node.pk}: stored" in call("show", node.pk)
    path = tmp_path / "part.h5"
    assert f"wrote {path}" in call("export", node.pk, "--element", "O", "--formula", "MgO", "-o", path)
    with SpectraFile(path) as file:
        assert file.keys == ("O_K",)
        assert file.count("O_K") == 1
    assert "exists already" in call("export", node.pk, "-o", path, expect=1)
    assert "no format 'doc'" in call("export", node.pk, "-F", "doc", "-o", tmp_path / "a", expect=1)
    assert "no spectra to write" in call("export", node.pk, "--edge", "L1", "-o", tmp_path / "b", expect=1)
