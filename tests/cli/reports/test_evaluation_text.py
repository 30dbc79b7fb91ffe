"""Tests of aiida_gbml.cli.reports.evaluation_text."""

from __future__ import annotations

from typing import Any

from aiida_gbml.cli.reports.evaluation_text import evaluation_text


def judged(*hits: int) -> dict[str, Any]:
    found = {"enrichment": 1694.2, "lower": 1383.0, "upper": 1997.0}
    return {"tops": {top: {"hits": hit, **found} for top, hit in zip(("100", "1000", "3000"), hits, strict=True)}}


REPORT: dict[str, Any] = {
    "n_candidates": 1234567,
    "split": {"kind": "holdout"},
    "later": {"n_candidates": 50, "n_leaked": 3, "n_swaps": 20},
    "models": {"ensemble": judged(53, 235, 456), "popularity": judged(0, 47, 200)},
    "passed_over": {"factorization_machine": "there is no myfm"},
}


def test_hits_come_with_enrichment_and_interval() -> None:
    text = evaluation_text(REPORT)
    assert "50 held-out compositions are to be found among 1,234,567 candidates" in text
    assert (
        "(20 of them are known ones with one element replaced; 3 others were known already and are taken out)" in text
    )
    assert "1694 (1383 to 1997)" in text
    assert "factorization_machine was passed over: there is no myfm" in text
    assert max(map(len, text.splitlines())) < 120


def test_the_model_stands_beside_popularity() -> None:
    assert "ensemble has so many times the hits of popularity: 5.0 in 1000, 2.3 in 3000" in evaluation_text(REPORT)
    stored = {
        **REPORT,
        "models": {"popularity": judged(1, 2, 3), "tucker": judged(2, 2, 9)},
    }  # by name, as in a database
    assert "tucker has so many times the hits of popularity: 2.0 in 100, 1.0 in 1000, 3.0 in 3000" in evaluation_text(
        stored
    )
    alone = {**REPORT, "models": {"popularity": judged(1, 2, 3)}}
    assert "so many times" not in evaluation_text(alone)


def test_what_came_later_is_not_called_held_out() -> None:
    for kind in ("chronological", "database"):
        assert "50 later compositions are" in evaluation_text({**REPORT, "split": {"kind": kind}})
