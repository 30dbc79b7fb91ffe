"""A small recommendation by real tasks: some hundred known compositions of eleven cations and four anions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessBuilder, ProcessState, run_get_node
from known_compositions import IONS, LIMITS, known_set

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.data.task_output import output_node
from aiida_gbml.science.compounds import evaluate_recommender, fit_recommender, score_shard
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import Rejected
from aiida_gbml.science.compounds.ranking_summary import summarise_ranking
from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain

SPACE = {"arity": 3, "limits": {"cation": 3, "anion": 8}}
QUICK = {"space": SPACE, "model": {"kind": "substitution"}, "top_k": 50, "validation": None}


@pytest.fixture(scope="module")
def python_code(aiida_profile: Any, tmp_path_factory: pytest.TempPathFactory) -> orm.InstalledCode:
    """Return the Python of this environment as the code of the worker, for all tests of a module."""
    folder = tmp_path_factory.mktemp("worker")
    computer = orm.Computer(f"of-{folder.name}", "localhost", "", "core.local", "core.direct", str(folder)).store()
    computer.set_minimum_job_poll_interval(0.1)
    computer.set_default_mpiprocs_per_machine(1)
    computer.configure(safe_interval=0, use_login_shell=False)
    given = {"default_calc_job_plugin": "gbml.worker", "prepend_text": "export OMP_NUM_THREADS=1"}
    return orm.InstalledCode(computer, sys.executable, label=folder.name, **given).store()


@pytest.fixture(scope="module")
def recommendation(python_code: orm.InstalledCode) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of a recommendation; keywords are overrides."""

    def make(**changes: Any) -> ProcessBuilder:
        others = {name: changes.pop(name) for name in ("exclude", "later", "verification") if name in changes}
        return RecommendationWorkChain.get_builder_from_protocol(
            python_code,
            CompositionSetData(known_set()),
            ions=IonTableData(IONS),
            overrides={**QUICK, **changes},
            **others,
        )

    return make


@pytest.fixture(scope="module")
def recommended(recommendation: Callable[..., ProcessBuilder]) -> SimpleNamespace:
    """Return the outputs and the node of a finished recommendation in two shards that was judged."""
    outputs, node = run_get_node(recommendation(n_shards=2, validation={"kind": "holdout", "fraction": 0.2, "seed": 1}))
    assert node.is_finished_ok, node.exit_message  # type: ignore[union-attr]
    return SimpleNamespace(outputs=outputs, node=node)


def task_outputs(known: Any, validation: dict[str, Any], **settings: Any) -> dict[str, bytes]:
    """Return what the tasks of a recommendation make, run within the interpreter."""
    space = CandidateSpace(IONS, 3, LIMITS).to_dict()
    content = known.to_bytes()
    model = {"kind": "svd_pair", "settings": {"rank": 4}}
    fitted = fit_recommender.run({"known": content}, {"space": space, "model": model})
    given = {"model": fitted["model"], "known": content}
    ranked = score_shard.run(given, {"space": space, "top_k": 30, **settings})
    judged = evaluate_recommender.run({"known": content}, {"space": space, "models": [model], "split": validation})
    names = {"ranking": ranked["ranking"], "model": fitted["model"], "evaluation": judged["report"]}
    return {**names, "curves": judged["curves"]}


@pytest.fixture(scope="module")
def stored_recommendation(aiida_profile: Any) -> orm.WorkChainNode:
    """Return a recommendation as it would have ended, without any job; its known compositions have a rejected row."""
    known = replace(known_set(), rejected=(Rejected(7, "D2O", "isotope", "'D2O' names deuterium (D)"),))
    made = task_outputs(known, {"kind": "holdout", "fraction": 0.3, "seed": 0})
    known_node = CompositionSetData(known).store()
    node = orm.WorkChainNode(process_type="aiida.workflows:gbml.recommendation")
    node.set_process_label("RecommendationWorkChain")
    for label, data in {"known": known_node, "n_shards": orm.Int(1).store()}.items():
        node.base.links.add_incoming(data, LinkType.INPUT_WORK, label)
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    node.store()
    fit = orm.CalcJobNode(computer=None, process_type="aiida.calculations:gbml.worker")
    fit.base.links.add_incoming(known_node, LinkType.INPUT_CALC, "arrays__known")
    fit.base.links.add_incoming(node, LinkType.CALL_CALC, "fit")
    fit.set_process_state(ProcessState.FINISHED)
    fit.set_exit_status(0)
    fit.store()
    types = {"ranking": "gbml.ranking", "model": "gbml.model", "evaluation": "core.dict", "curves": "core.array"}
    outputs = {name: output_node(types[name], content) for name, content in made.items()}
    outputs["report"] = orm.Dict(summarise_ranking(outputs["ranking"].ranking, known))
    outputs["model"].base.links.add_incoming(fit, LinkType.CREATE, "results__model")
    for label, data in outputs.items():
        data.store()
        data.base.links.add_incoming(node, LinkType.RETURN, label)
    return node
