"""The task that judges recommenders: bytes in, bytes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_compositions import known_set, space_of

from aiida_gbml.science.archive import read_arrays
from aiida_gbml.science.compounds.composition_set import CompositionSetError
from aiida_gbml.science.compounds.evaluate_recommender import run
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError, Split
from aiida_gbml.science.strict_json import read_json, write_json
from aiida_gbml.science.task import INPUTS, PARAMETERS, main, read_outputs

SPLIT = {"kind": "holdout", "fraction": 0.3, "seed": 1}
PARAMETERS_OF = {
    "space": space_of(3).to_dict(),
    "models": ["popularity", "substitution"],
    "tops": [10, 50],
    "longest": 90,
}


def evaluated(inputs: dict[str, bytes], **changes: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    parameters = {name: value for name, value in {**PARAMETERS_OF, **changes}.items() if value is not None}
    outputs = run(inputs, parameters)
    return read_json(outputs["report"]), read_arrays(outputs["curves"])


def test_a_split_and_two_sets_give_the_same_verdict() -> None:
    known, later = Split.from_dict(SPLIT).parts(known_set())
    first, curves = evaluated({"known": known_set().to_bytes()}, split=SPLIT)
    second, others = evaluated({"known": known.to_bytes(), "later": later.to_bytes()})
    assert (first["split"], second["split"]) == (SPLIT, {"kind": "database"})
    assert all(np.array_equal(curves[name], others[name]) for name in curves)
    for report in (first, second):
        for model in report["models"].values():
            model.pop("fit_cpu_s")
        report.pop("split")
    assert first == second
    assert first["space"] == space_of(3).to_dict()
    assert first["models"]["substitution"]["tops"]["50"]["hits"] > first["tops"]["50"]["expected_hits"]


def test_chronological_evaluation_reports_what_cannot_be_found() -> None:
    report, _ = evaluated({"known": known_set().to_bytes()}, split={"kind": "chronological", "cutoff": 100})
    later = report["later"]
    assert later["n"] == later["n_candidates"] + sum(later["outside"].values())
    assert later["n_leaked"] == 0
    assert set(later["outside"]) <= {"number of elements"}


def test_the_report_is_small_enough_for_queries() -> None:
    models = [{"kind": "popularity", "label": f"model number {number}"} for number in range(12)]
    outputs = run(
        {"known": known_set().to_bytes()}, {**PARAMETERS_OF, "models": models, "split": SPLIT, "tops": [10, 50, 90]}
    )
    assert len(outputs["report"]) < 10_000


def test_leaks_are_counted_or_refused() -> None:
    known, later = Split.from_dict(SPLIT).parts(known_set())
    inputs = {"known": known.to_bytes(), "later": later.joined(known.take(np.arange(5))).to_bytes()}
    assert evaluated(inputs)[0]["later"]["n_leaked"] == 5
    with pytest.raises(EvaluationError, match=r"5 of the .* later compositions are known already"):
        evaluated(inputs, on_leak="refuse")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"space": None}, "no parameter 'space'"),
        ({"colour": "red"}, "unknown parameter 'colour'"),
        ({"space": {"arity": 9}}, "2 to 5 elements"),
        ({"models": ["best"]}, "no recommender 'best'"),
        ({"tops": 3}, "'tops' must be a list"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"split": None}, "needs 'known' and 'later', or 'known' and a split, got known and the split None"),
        ({"split": {"kind": "x"}}, "a split has a 'kind'"),
    ],
)
def test_impossible_parameters_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        evaluated({"known": known_set().to_bytes()}, **{"split": SPLIT, **changes})


def test_damaged_inputs_are_refused() -> None:
    with pytest.raises(CompositionSetError, match="no set of compositions"):
        evaluated({"known": b"nonsense"}, split=SPLIT)


def test_the_task_follows_the_protocol_of_workers(tmp_path: Path) -> None:
    (tmp_path / INPUTS).mkdir()
    (tmp_path / INPUTS / "known").write_bytes(known_set().to_bytes())
    (tmp_path / PARAMETERS).write_bytes(write_json({**PARAMETERS_OF, "split": SPLIT}))
    assert main(run, tmp_path) == 0
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    outputs = read_outputs(files, ["report", "curves"])
    assert read_json(outputs["report"])["arity"] == 3
    assert read_arrays(outputs["curves"])["models"].tolist() == ["popularity", "substitution"]
