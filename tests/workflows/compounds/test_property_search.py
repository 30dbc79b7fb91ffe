"""The search over a database as a whole, with an engine that takes no time."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.manage.caching import enable_caching
from alloys import database, elements
from searches import EmtEvaluationWorkChain, emt, run_search

from aiida_gbml.science.compounds.descriptors.spec import DescriptorSpec
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.workflows.compounds.property_search import PropertySearchWorkChain
from aiida_gbml.workflows.worker import worker_inputs

pytestmark = pytest.mark.usefixtures("aiida_profile")

TRUE = emt(database())
FORMATION = {"property": "formation_energy_per_atom"}


def labels(search: SimpleNamespace) -> list[str]:
    links = search.node.base.links.get_outgoing().all()
    return sorted(link.link_label for link in links if "call" in link.link_type.value)


@pytest.fixture(scope="module")
def finished(alloy_search):  # type: ignore[no-untyped-def]
    """Return a search for the lowest energy of formation, with twelve evaluations of 45."""
    search = run_search(alloy_search(FORMATION, references=elements(), batch_size=6))
    assert search.node.is_finished_ok, search.node.exit_message
    return search


def test_it_finds_one_of_the_best_and_its_value_is_right(finished: SimpleNamespace) -> None:
    energies = property_values(TRUE, FORMATION["property"], emt(elements()))
    summary = finished.outputs["summary"].get_dict()
    assert summary["best_value"] == pytest.approx(energies[summary["best_candidate"]])
    assert summary["best_value"] <= np.sort(energies)[4]
    assert (summary["n_evaluated"], summary["n_given"], summary["n_candidates"]) == (12, 0, 45)
    assert (summary["unit"], summary["engine"]) == ("eV/atom", "gbml.evaluation.emt")
    assert summary["structure_uuid"] == finished.outputs["best_structure"].uuid
    seen = finished.outputs["observations"].observations
    np.testing.assert_allclose(seen.values, energies[seen.candidates], atol=1e-9)


def test_what_it_computed_and_believes_is_in_the_database(finished: SimpleNamespace) -> None:
    found = finished.outputs["database"].structures
    rows = found.rows("ok")
    assert len(rows) == 12
    np.testing.assert_allclose(found.columns["energy"][rows], TRUE.columns["energy"][rows])
    arrays = {name: finished.outputs["predictions"].get_array(name) for name in ("mean", "lower", "upper")}
    assert all(array.shape == (45,) for array in arrays.values())
    assert finished.outputs["evaluated"].structures.columns["candidate"].tolist() == (
        finished.outputs["observations"].observations.candidates.tolist()
    )


def test_calls_are_labelled_and_every_node_has_a_creator(finished: SimpleNamespace) -> None:
    rounds = [f"{step}_{number:04d}" for step in ("evaluation", "propose", "record") for number in range(2)]
    once = ["adopt", "collect_parameters", "conclude", "describe", "merge_0_0", "references"]
    assert labels(finished) == sorted([*rounds, *once])
    given = {link.node.uuid for link in finished.node.base.links.get_incoming().all()}
    for node in finished.made:
        if isinstance(node, orm.Data) and node.uuid not in given:
            assert node.creator is not None, f"{node} has no creator"


def test_another_search_goes_on_from_the_database(finished: SimpleNamespace, alloy_search: Any) -> None:
    candidates = finished.outputs["database"]
    search = run_search(alloy_search(FORMATION, candidates, references=elements(), budget=4))
    assert search.node.is_finished_ok, search.node.exit_message
    summary = search.outputs["summary"].get_dict()
    assert (summary["n_given"], summary["n_evaluated"]) == (12, 4)
    assert summary["best_value"] <= finished.outputs["summary"]["best_value"]
    assert not set(search.outputs["evaluated"].structures.columns["candidate"]) & set(candidates.structures.rows("ok"))


def test_with_caching_an_equal_search_evaluates_nothing(finished: SimpleNamespace, alloy_search: Any) -> None:
    with enable_caching():
        again = run_search(alloy_search(FORMATION, references=elements(), batch_size=6))
    engine = [node for node in again.made if getattr(node, "process_label", "") == "evaluate_emt"]
    assert len(engine) == 3
    assert all(node.base.caching.is_created_from_cache for node in engine)
    assert again.outputs["evaluated"].content == finished.outputs["evaluated"].content


def test_a_worker_describes_what_the_work_chain_would(
    finished: SimpleNamespace, alloy_search: Any, serial_code: Any
) -> None:
    builder = alloy_search(FORMATION, references=elements(), budget=1)
    builder.worker = worker_inputs(serial_code("gbml.worker", sys.executable))
    search = run_search(builder)
    assert search.node.is_finished_ok, search.node.exit_message
    np.testing.assert_allclose(
        search.outputs["features"].get_array("points"), finished.outputs["features"].get_array("points"), atol=1e-12
    )
    assert "WorkerCalculation" in [node.process_label for node in search.node.called]


def test_other_strategies_goals_and_properties_and_failures_are_observations(alloy_search: Any) -> None:
    wanted = {"property": "volume_per_atom", "goal": "target", "target": 14.0}
    given = {"engine": {"least_distance": 2.7}, "strategy": {"method": "exhaustive"}, "max_failed_fraction": 1.0}
    search = run_search(alloy_search(wanted, budget=None, **given))
    assert search.node.is_finished_ok, search.node.exit_message
    seen = search.outputs["observations"].observations
    assert 0 < seen.failed.sum() < 45
    assert "atoms overlap" in str(seen.reasons[seen.failed][0])
    volumes = property_values(TRUE, "volume_per_atom")
    volumes[seen.candidates[seen.failed]] = np.nan
    summary = search.outputs["summary"].get_dict()
    assert summary["best_candidate"] == int(np.nanargmin(np.abs(volumes - 14.0)))
    assert (summary["n_evaluated"], summary["n_failed"]) == (45, int(seen.failed.sum()))
    assert "predictions" not in search.outputs
    assert sum(label.startswith("evaluation") for label in labels(search)) == 1


def test_too_many_failures_end_a_search_with_what_it_found(alloy_search: Any) -> None:
    given = {"engine": {"least_distance": 2.7}, "strategy": {"method": "random"}, "max_failed_fraction": 0.0}
    search = run_search(alloy_search(budget=20, seed=3, **given))
    assert search.node.exit_status == 420
    assert "summary" in search.outputs


def test_a_search_that_finds_nothing_keeps_its_observations(alloy_search: Any) -> None:
    search = run_search(alloy_search(engine={"least_distance": 9.0}, budget=4))
    assert search.node.exit_status == 421
    assert search.outputs["observations"].base.attributes.get("n_failed") == 4


def test_without_the_elements_or_the_property_the_reason_is_told(alloy_search: Any, monkeypatch: Any) -> None:
    search = run_search(alloy_search({"property": "band_gap"}, budget=4))
    assert search.node.exit_status == 202
    assert "no property 'band_gap'" in search.node.exit_message

    def broken(self: Any, _: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(EmtEvaluationWorkChain, "conclude", broken)
    search = run_search(alloy_search(FORMATION, references=elements()))
    assert search.node.exit_status == 410
    assert "gbml.evaluation.emt gave no energy of a reference structure" in search.node.exit_message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"objective": {"property": "x", "goal": "best"}}, "'goal' of the objective is 'best'"),
        ({"objective": FORMATION}, "needs crystals of the elements"),
        ({"objective": FORMATION, "references": elements().take([0, 1])}, "`references` has no crystal of Au, Ni"),
        ({"strategy": {"method": "luck"}}, "unknown method 'luck'"),
        ({"budget": 0}, "'budget' must be at least 1, got 0"),
        ({"max_failed_fraction": 2.0}, "must lie between 0 and 1"),
        ({"rows": []}, "the database holds no structure"),
        ({"depth": 3}, "there is no setting 'depth' to override"),
        ({"descriptors": {"preset": "luck"}}, "'luck' is no set of descriptors"),
        ({"seed": -1}, "'seed' must be at least 0, got -1"),
    ],
)
def test_wrong_inputs_are_refused_with_nothing_stored(alloy_search: Any, given: dict[str, Any], words: str) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    with pytest.raises(ValueError, match=words):
        run_get_node(alloy_search(**given))
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_descriptors_of_ones_own_replace_the_preset() -> None:
    own = DescriptorSpec.preset("composition").to_dict()
    settings = PropertySearchWorkChain.get_protocol_inputs(overrides={"descriptors": own})
    assert settings["descriptors"] == own
    assert PropertySearchWorkChain.get_setting_nodes(settings)["descriptors"].get_dict() == own


def test_an_engine_has_no_other_settings() -> None:
    with pytest.raises(ValueError, match=r"there is no setting 'engine\.modes' to override"):
        PropertySearchWorkChain.get_protocol_inputs(overrides={"engine": {"modes": "static"}})
