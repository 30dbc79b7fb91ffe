"""Builders of datasets follow the protocol of single sites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from core_hole_data import oxygen_pair
from datasets import magnesia


def test_the_protocol_fills_what_sites_share(spectra_dataset: Callable[..., Any]) -> None:
    builder = spectra_dataset([magnesia()], protocol="fast", overrides={"cell": {"min_box": 7.5}}, max_concurrent=5)
    assert builder.site.kpoints_distance.value == 0.5
    assert builder.site.cell.get_dict() == {"min_distance": 6.0, "min_box": 7.5}
    assert builder.site.max_concurrent.value == 1
    assert builder.max_concurrent.value == 5
    assert "structure" not in builder.site._inputs(prune=True)


def test_the_highest_cutoff_of_all_elements_counts(spectra_dataset: Callable[..., Any]) -> None:
    given = {"pairs": {"O": {"full": oxygen_pair(cutoff_wfc=70.0, cutoff_rho=600.0)}}}
    system = spectra_dataset([magnesia()], **given).site.pw.pw.parameters["SYSTEM"]
    assert (system["ecutwfc"], system["ecutrho"]) == (70.0, 600.0)


def test_without_pairs_there_is_no_dataset(spectra_dataset: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="`pairs` is empty"):
        spectra_dataset([magnesia()], pairs={})
