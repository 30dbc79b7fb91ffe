"""Tests of aiida_gbml.workflows.compounds.recommendation: real tasks on a small set of known compositions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node
from aiida.manage.caching import enable_caching
from known_compositions import all_candidates, known_roles, known_set, space_of
from recommendations import SPACE
from titanates import POTENTIAL, oxides, perovskite

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ranking import Ranking
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain
from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def cached() -> Iterator[None]:
    """Use what an earlier test has computed."""
    with enable_caching(identifier="aiida.calculations:gbml.worker"):
        yield


def jobs(node: orm.ProcessNode) -> list[orm.CalcJobNode]:
    return [child for child in node.called_descendants if isinstance(child, orm.CalcJobNode)]


def test_the_best_of_all_candidates_are_found(recommended: SimpleNamespace) -> None:
    """All candidates scored here, one after the other, and sorted."""
    known, space = known_set(), space_of(3)
    model = SubstitutionRecommender().fit(known, space)
    every = RoleTable.concatenate([block.roles() for block in space.blocks()])
    scores = model.score(every)
    taken = {known_roles(known, 3).composition(row) for row in range(len(known_roles(known, 3)))}
    expected = {every.composition(row): scores[row] for row in range(len(every))}
    ranking = recommended.outputs["ranking"].ranking
    listed = [ranking.composition(row) for row in range(len(ranking))]
    assert not taken & set(listed)
    assert [expected[composition] for composition in listed] == ranking.scores.tolist()
    left = sorted((score for composition, score in expected.items() if composition not in taken), reverse=True)
    assert ranking.scores.tolist() == left[: len(ranking)]
    report = recommended.outputs["report"]
    assert report["n_scored"] == space.count() == len(every)
    assert report["first"] == ranking.formulas()[:10]
    assert report["licence"] == "CC0"


def test_every_number_has_a_process(recommended: SimpleNamespace) -> None:
    assert recommended.outputs["ranking"].creator.process_label == "merge_rankings"
    assert len(recommended.outputs["ranking"].creator.base.links.get_incoming(node_class=orm.Data).all()) == 2
    fit = recommended.outputs["model"].creator
    assert fit.get_option("task") == "aiida_gbml.science.compounds.fit_recommender"
    assert fit.inputs.arrays.known.uuid == recommended.node.inputs.known.uuid
    # fit, two shards, evaluation; no node a candidate
    assert len(jobs(recommended.node)) == 4
    assert len(recommended.node.called_descendants) < 20


def test_nothing_was_made_outside_a_process(recommended: SimpleNamespace) -> None:
    """What tasks and functions read was made by a process or given by the user."""
    given = {node.uuid for node in recommended.node.base.links.get_incoming().all_nodes()}
    read = {
        link.node.uuid
        for child in recommended.node.called_descendants
        for link in child.base.links.get_incoming(node_class=orm.Data).all()
        if link.node.creator is None and not isinstance(link.node, orm.AbstractCode)
    }
    assert not [orm.load_node(uuid) for uuid in read - given]


def test_the_model_is_judged_beside_popularity(recommended: SimpleNamespace) -> None:
    evaluation = recommended.outputs["evaluation"].get_dict()
    assert set(evaluation["models"]) == {"substitution", "popularity"}
    assert evaluation["split"] == {"kind": "holdout", "fraction": 0.2, "seed": 1}
    assert evaluation["later"]["n_leaked"] == 0
    assert "curve_hits" in recommended.outputs["curves"].get_arraynames()


@pytest.mark.usefixtures("cached")
def test_the_same_inputs_hit_the_cache(
    recommended: SimpleNamespace, recommendation: Callable[..., ProcessBuilder]
) -> None:
    outputs, node = run_get_node(recommendation(n_shards=2))
    assert all(job.base.caching.is_created_from_cache for job in jobs(node))
    assert outputs["ranking"].content == recommended.outputs["ranking"].content


@pytest.mark.usefixtures("cached")
def test_a_shortlist_is_ranked_by_the_model_and_excluded_compositions_are_left_out(
    recommended: SimpleNamespace, recommendation: Callable[..., ProcessBuilder]
) -> None:
    best = recommended.outputs["ranking"].ranking
    exclude = CompositionSetData(known_set().take([0]).joined(_set_of(best, [0, 1])))
    shortlist = {"kind": "svd_pair", "settings": {"rank": 4}, "size": 200}
    outputs, node = run_get_node(recommendation(shortlist=shortlist, exclude=exclude))
    assert node.is_finished_ok, node.exit_message
    ranking = outputs["ranking"].ranking
    assert ranking.run.model == "substitution"
    assert ranking.run.shortlist["model"] == "svd_pair"
    assert not {best.composition(0), best.composition(1)} & {ranking.composition(row) for row in range(len(ranking))}
    assert len(ranking) == 50


def _set_of(ranking: Ranking, rows: list[int]) -> CompositionSet:
    return CompositionSet.of([ranking.composition(row) for row in rows], [str(row) for row in rows])


@pytest.fixture
def faulty(python_code: orm.InstalledCode, tmp_path: Path) -> Callable[[str], orm.InstalledCode]:
    """Return a function that makes a Python before which a line of bash runs."""

    def make(line: str) -> orm.InstalledCode:
        script = tmp_path / "python"
        script.write_text(f'#!/bin/bash\n{line}\nexec {python_code.get_executable()} "$@"\n')
        script.chmod(0o755)
        return orm.InstalledCode(python_code.computer, str(script), default_calc_job_plugin="gbml.worker").store()

    return make


def test_a_shard_that_died_is_tried_once_more_and_any_division_gives_the_same(
    recommended: SimpleNamespace,
    recommendation: Callable[..., ProcessBuilder],
    faulty: Callable[[str], orm.InstalledCode],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three shards, merged in two levels, of which the second one dies at its first try."""
    for name in ("levels", "compounds.recommendation"):
        monkeypatch.setattr(f"aiida_gbml.workflows.{name}.MERGE_LIMIT", 2)
    builder = recommendation(n_shards=3)
    died = tmp_path / "died"
    builder.worker.code = faulty(f"grep -Eq '\"shard\": *1[,}}]' parameters.json && mkdir {died} 2>/dev/null && exit 1")
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert died.exists()
    labels = [link.link_label for link in node.base.links.get_outgoing(node_class=orm.CalcJobNode).all()]
    assert sorted(labels) == ["fit", "shard_0000", "shard_0001", "shard_0001_again", "shard_0002"]
    merges = [child.process_label for child in node.called if "rankings" in child.process_label]
    assert sorted(merges) == ["merge_rankings", "merge_some_rankings", "merge_some_rankings"]
    ours, theirs = outputs["ranking"].ranking, recommended.outputs["ranking"].ranking
    assert outputs["model"].content == recommended.outputs["model"].content
    assert ours.sha256 == theirs.sha256
    assert ours.formulas() == theirs.formulas()
    assert np.array_equal(ours.histogram, theirs.histogram)


def test_shards_that_die_again_end_it(
    recommendation: Callable[..., ProcessBuilder], faulty: Callable[[str], orm.InstalledCode]
) -> None:
    builder = recommendation(n_shards=1)
    builder.worker.code = faulty("grep -q n_shards parameters.json && exit 1")
    outputs, node = run_get_node(builder)
    assert node.exit_status == 411
    assert "1 of 1 shards were not scored, crashed ones twice" in node.exit_message
    assert [job.is_finished_ok for job in sorted(jobs(node), key=lambda job: job.pk)] == [True, False, False]
    assert set(outputs) == {"model"}


def test_a_model_that_cannot_be_fitted_ends_it(recommendation: Callable[..., ProcessBuilder]) -> None:
    _, node = run_get_node(recommendation(model={"kind": "tucker", "settings": {"ranks": [100, 10, 100]}}))
    assert node.exit_status == 410
    assert "could not be fitted" in node.exit_message


@pytest.mark.usefixtures("cached")
def test_a_ranking_that_was_not_judged_still_counts(recommendation: Callable[..., ProcessBuilder]) -> None:
    later = CompositionSetData(_set_of_formulas("Na", "K2O"))
    outputs, node = run_get_node(recommendation(later=later, n_shards=2))
    assert node.exit_status == 501
    assert "the model was not judged" in node.exit_message
    assert len(outputs["ranking"]) == 50


@pytest.mark.usefixtures("cached")
def test_where_all_is_known_or_left_out_nothing_is_recommended(
    recommendation: Callable[..., ProcessBuilder],
) -> None:
    every = all_candidates(3)
    exclude = CompositionSetData(CompositionSet.of([every.composition(row) for row in range(len(every))]))
    outputs, node = run_get_node(recommendation(exclude=exclude))
    assert node.exit_status == 300
    assert "every candidate is known, or is to be left out" in node.exit_message
    assert set(outputs) == {"model"}


def _set_of_formulas(*formulas: str) -> CompositionSet:
    return CompositionSet.of([parse_formula(formula) for formula in formulas], list(formulas))


@pytest.mark.lammps
@pytest.mark.usefixtures("cached")
def test_the_best_are_computed_and_join_the_known(
    recommendation: Callable[..., ProcessBuilder], lammps_code: orm.InstalledCode
) -> None:
    """Titanates of calcium and strontium among candidates of four elements only, by rigid ions."""
    engine = LammpsEvaluationWorkChain.get_builder_from_protocol(lammps_code, None, "fast", potential=POTENTIAL)
    verification = CompositionVerificationWorkChain.get_builder_from_protocol(
        None,
        StructureSetData(StructureSet.from_ase([perovskite()])),
        engine,
        competing=StructureSetData(StructureSet.from_ase(oxides())),
        protocol="fast",
    )
    filters = {"only": ["Mg", "Ca", "Sr", "Ti"], "anions": ["O"]}
    builder = recommendation(space={**SPACE, "filters": filters}, verification=verification)
    builder.known = CompositionSetData(_set_of_formulas("Mg2TiO4", "MgTi2O5", "Sr2TiO4", "CaMgO2", "MgTiO3"))
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    found = outputs["verification"]
    assert set(found["stable"].compositions.formulas()) <= {"CaTiO3", "SrTiO3"}
    assert found["report"]["n_stable"] >= 1
    assert set(found["known"].compositions.formulas()) > set(builder.known.compositions.formulas())
    assert found["expectation"].ctime < found["report"].ctime
