"""What cannot be written ends in one sentence; what can is tested with datasets in test_dataset.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiida_gbml.cli.reports import spectra_files
from aiida_gbml.cli.reports.spectra_files import FORMATS, write_tables
from aiida_gbml.science.spectra.dataset import SpectraTable, table_from_rows


def table(*failed: bool) -> SpectraTable:
    curve = {"energy": [530.0, 531.0, 532.0], "intensity": [0.0, 1.0, 2.0]}
    nothing = {"energy": None, "intensity": None}
    return table_from_rows(
        [
            {"element": "O", "edge": "K", "site": site, **(nothing if gone else curve)}
            for site, gone in enumerate(failed)
        ],
        1.0,
    )


@pytest.mark.parametrize("file_format", FORMATS)
def test_failures_are_no_spectra(file_format: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are no spectra to write"):
        write_tables([table(True, True)], file_format, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_spectra_that_know_no_structure_are_not_put_on_atoms(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not know their structures"):
        write_tables([table(False)], "extxyz", tmp_path / "a.extxyz")


def test_a_thousand_files_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra_files, "MOST_FILES", 1)
    with pytest.raises(ValueError, match="that would be 2 files"):
        write_tables([table(False, False)], "msa", tmp_path / "a.msa")
    assert write_tables([table(False, True)], "msa", tmp_path / "a.msa") == [tmp_path / "a.msa"]
