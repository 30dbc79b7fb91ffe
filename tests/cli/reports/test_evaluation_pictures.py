"""Tests of aiida_gbml.cli.reports.evaluation_pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm

from aiida_gbml.cli.reports.evaluation_pictures import draw_evaluation

REPORT: dict[str, Any] = {"n_candidates": 1000, "later": {"n_candidates": 40}}


def curves(with_reliability: bool) -> orm.ArrayData:
    """Return the curves of one model."""
    bins = 3 if with_reliability else 0
    shares = np.linspace(0.1, 0.5, bins)
    return orm.ArrayData(
        {
            "models": np.array(["ensemble"]),
            "curve_points": np.array([1, 10, 100]),
            "curve_hits": np.array([[1, 6, 20]]),
            "reliability_models": np.array(["ensemble"] * bins, dtype=np.str_),
            "reliability_counts": np.full(bins, 10),
            **{f"reliability_{name}": shares for name in ("predicted", "observed", "lower", "upper")},
        }
    )


@pytest.mark.parametrize(
    ("with_reliability", "kinds"), [(True, ["enrichment", "reliability"]), (False, ["enrichment"])]
)
def test_what_there_is_is_drawn(aiida_profile: Any, tmp_path: Path, with_reliability: bool, kinds: list[str]) -> None:
    given: dict[str, Any] = {"stem": tmp_path / "inner" / "some_7", "formats": ["png"]}
    paths = draw_evaluation(REPORT, curves(with_reliability), None, [], **given)
    assert [path.name for path in paths] == [f"some_7_{kind}.png" for kind in kinds]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_what_there_is_not_is_said(aiida_profile: Any, tmp_path: Path) -> None:
    given: dict[str, Any] = {"stem": tmp_path / "some", "formats": ["png"]}
    with pytest.raises(ValueError, match="none of the models says how probable"):
        draw_evaluation(REPORT, curves(False), None, ["reliability"], **given)
    with pytest.raises(ValueError, match="the model was not judged: give a validation"):
        draw_evaluation({}, None, None, ["enrichment"], **given)
    with pytest.raises(ValueError, match="there is no fitted model yet"):
        draw_evaluation({}, None, None, ["factors"], **given)
