"""Datasets become one, in order."""

from __future__ import annotations

import pytest

from aiida_gbml.calculations.merge_spectra import merge_spectra
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.dataset import tables_from_rows

pytestmark = pytest.mark.usefixtures("aiida_profile")


def dataset(element: str, *sites: int, start: float = 530.0) -> SpectraDatasetData:
    curve = {"energy": [start, start + 1, start + 2], "intensity": [0.0, 1.0, 2.0]}
    keys = {"element": element, "edge": "K", "structure_md5": "a", "settings_md5": "b", "treatment": "full"}
    return SpectraDatasetData(tables_from_rows([{**curve, **keys, "site": site} for site in sites], 1.0))


def test_edges_and_axes_are_joined_and_nothing_stands_twice() -> None:
    given = {"set_0001": dataset("O", 1, 2, start=534.0), "set_0000": dataset("O", 0, 1), "set_0002": dataset("C", 5)}
    carbon, oxygen = merge_spectra(**given)["dataset"].tables
    assert carbon.columns["site"].tolist() == [5]
    assert oxygen.columns["site"].tolist() == [0, 1, 2]
    assert oxygen.energy.tolist() == list(range(530, 537))
    assert oxygen.intensity[2, -3:].tolist() == [0.0, 1.0, 2.0]
