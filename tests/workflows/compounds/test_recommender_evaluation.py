"""Tests of aiida_gbml.workflows.compounds.recommender_evaluation."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node
from known_compositions import IONS, known_set
from recommendations import SPACE

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.workflows.compounds.recommender_evaluation import RecommenderEvaluationWorkChain


def evaluation(code: orm.InstalledCode, later: Any = None, **changes: Any) -> ProcessBuilder:
    """Return the builder of an evaluation of two quick models by the latest third, or by other compositions."""
    split = None if later is not None else {"kind": "chronological", "cutoff": 100}
    return RecommenderEvaluationWorkChain.get_builder_from_protocol(
        code,
        CompositionSetData(known_set()),
        later=None if later is None else CompositionSetData(later),
        split=split,
        ions=IonTableData(IONS),
        models=["substitution", "popularity"],
        overrides={"space": SPACE, "settings": {"tops": [20, 50], **changes}},
    )


def test_models_are_judged_by_later_compositions(python_code: orm.InstalledCode) -> None:
    outputs, node = run_get_node(evaluation(python_code))
    assert node.is_finished_ok, node.exit_message
    report = outputs["report"].get_dict()
    assert set(report["models"]) == {"substitution", "popularity"}
    assert set(report["models"]["substitution"]["tops"]) == {"20", "50"}
    assert report["known"]["n"] + report["later"]["n"] == len(known_set())
    assert outputs["curves"].get_array("curve_hits").shape[0] == 2


def test_later_compositions_that_are_known_end_it_when_they_are_to_be_refused(python_code: orm.InstalledCode) -> None:
    others = known_set(seed=3)
    assert known_set().contains(others).any()
    _, node = run_get_node(evaluation(python_code, others, on_leak="refuse"))
    assert node.exit_status == 310
    assert "later compositions are known already" in node.exit_message


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"models": lambda: orm.List([])}, "`models` names no recommender"),
        ({"models": lambda: orm.List([3])}, "a recommender is a kind or a mapping with 'kind', got 3"),
        ({"models": lambda: orm.List(["oracle"])}, "there is no recommender 'oracle'"),
        ({"settings": lambda: orm.Dict({"colour": 1})}, "an evaluation has no setting 'colour'"),
        ({"settings": lambda: orm.Dict({"on_leak": "ignore"})}, "can be removed or refused, not 'ignore'"),
        ({"split": None}, "an evaluation needs a `split`"),
    ],
    ids=["no model", "no kind", "unknown model", "unknown setting", "unknown value", "nothing to find"],
)
def test_what_makes_no_sense_is_refused(python_code: orm.InstalledCode, change: Any, sentence: str) -> None:
    builder = evaluation(python_code)
    ((name, node),) = change.items()

    def run() -> None:
        if node is None:
            del builder[name]
        else:
            builder[name] = node()
        run_get_node(builder)

    with pytest.raises(ValueError, match=sentence):
        run()


def test_an_override_that_is_not_known(python_code: orm.InstalledCode) -> None:
    with pytest.raises(ValueError, match="there is no setting 'colour' to override"):
        RecommenderEvaluationWorkChain.get_builder_from_protocol(
            python_code, CompositionSetData(known_set()), overrides={"colour": "red"}
        )
