"""`aiida-gbml show`, `explain`, `plot` and `export`, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiida import orm
from aiida.engine import ProcessState, run_get_node
from ase.io import read
from click.testing import CliRunner, Result
from searches import SPACE

from aiida_gbml.cli import results

pytestmark = pytest.mark.usefixtures("aiida_profile")

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Return a function that runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(command: str, *arguments: object, expect: int = 0) -> Result:
        result = CliRunner().invoke(getattr(results, command), [str(one) for one in arguments])
        assert result.exit_code == expect, result.output
        assert "Traceback" not in result.output
        return result

    return call


@pytest.fixture(scope="module")
def failed(emt_search) -> orm.WorkChainNode:  # type: ignore[no-untyped-def]
    space = {**SPACE, "gaps": [0.0, 0.6], "min_distance_ratio": 0.0}
    given = {"space": space, "engine": {"least_distance": 1.8}, "max_failed_fraction": 0.05}
    return run_get_node(emt_search(strategy={"method": "exhaustive"}, budget=20, **given))[1]


def test_a_search_is_shown_with_its_summary_and_its_ranking(invoke: Invoke, search: orm.WorkChainNode) -> None:
    output = invoke("show", search.pk).output
    assert f"Grain-boundary search {search.pk}: finished" in output
    energies = sorted(search.outputs.evaluated.structures.columns["excess_energy"])
    assert f"{energies[0]:.4f}" in output
    assert "symmetric tilt" in output
    table = output[output.index("energy (J/m²)") :].splitlines()[2:]
    assert [line.split()[0] for line in table] == [f"{energy:.4f}" for energy in energies]
    assert len(invoke("show", search.pk, "--rows", 2).output.splitlines()) == len(output.splitlines()) - 4


def test_json_is_json(invoke: Invoke, search: orm.WorkChainNode) -> None:
    shown = json.loads(invoke("show", search.uuid, "--json").output)
    assert shown["state"] == "finished"
    assert shown["summary"] == search.outputs.interface.get_dict()
    assert len(shown["ranking"]) == 6


def test_an_unfinished_search_is_shown_as_far_as_it_is(invoke: Invoke, unfinished: orm.WorkChainNode) -> None:
    shown = invoke("show", unfinished.pk).output
    assert shown.strip() == f"Grain-boundary search {unfinished.pk}: created, 0 evaluated"


def test_failures_are_explained_with_their_remedy(invoke: Invoke, failed: orm.WorkChainNode) -> None:
    output = invoke("explain", failed.pk).output
    n_failed = failed.outputs.interface["n_failed"]
    assert "[420]" in output
    assert (
        f"{n_failed} evaluations: atoms overlap: a pair is closer than 1.8 Å\n  -> raise `min_distance_ratio`" in output
    )


def test_a_failed_child_is_named_with_the_command_that_shows_why(invoke: Invoke, emt_search) -> None:  # type: ignore[no-untyped-def]
    _, node = run_get_node(emt_search(engine={"least_distance": 3.0}))
    output = invoke("explain", node.pk).output
    assert "[410] The engine gbml.evaluation.emt gave no energy of the perfect crystal: atoms overlap" in output


def test_without_failures_there_is_nothing_to_explain(invoke: Invoke, search: orm.WorkChainNode) -> None:
    assert "nothing failed" in invoke("explain", search.pk).output


def test_what_ended_with_an_exit_code_has_failed(invoke: Invoke) -> None:
    recommendation = orm.WorkChainNode()
    recommendation.set_process_label("RecommendationWorkChain")
    recommendation.set_process_state(ProcessState.FINISHED)
    recommendation.set_exit_status(300)
    recommendation.set_exit_message("There is no candidate to rank")
    output = invoke("explain", recommendation.store().pk).output
    assert "[300] There is no candidate to rank" in output
    assert "nothing failed" not in output


def test_a_file_is_written_to_a_folder_that_is_there(invoke: Invoke, search: orm.WorkChainNode) -> None:
    output = invoke("export", search.pk, "-o", "away/a.csv", "--format", "csv", expect=1).output
    assert "there is no folder 'away' for 'a.csv'; make it, or choose another --output" in output


def test_pictures_are_named_by_the_search(invoke: Invoke, search: orm.WorkChainNode, tmp_path: Path) -> None:
    output = invoke("plot", search.pk, "--kind", "convergence", "--format", "svg", "-o", tmp_path / "pictures").output
    path = tmp_path / "pictures" / f"search_{search.pk}_convergence.svg"
    assert output.strip() == str(path)
    assert path.exists()


def test_what_cannot_be_drawn_ends_in_one_sentence(invoke: Invoke, unfinished: orm.WorkChainNode) -> None:
    output = invoke("plot", unfinished.pk, "--kind", "gamma", expect=1).output
    assert len(output.splitlines()) == 1
    assert f"search {unfinished.pk} has no model of the energies over the translations" in output


def test_files_are_named_by_the_search_and_not_overwritten(
    invoke: Invoke, search: orm.WorkChainNode, tmp_path: Path
) -> None:
    invoke("export", search.pk)
    path = tmp_path / f"search_{search.pk}.extxyz"
    assert len(read(path, index=":")) == 6
    path.write_text("mine")
    assert "exists already; choose another name with --output" in invoke("export", search.pk, expect=1).output
    assert path.read_text() == "mine"
    invoke("export", search.pk, "--force")
    assert len(read(path, index=":")) == 6


def test_an_unfinished_search_exports_nothing(invoke: Invoke, unfinished: orm.WorkChainNode, tmp_path: Path) -> None:
    assert "has no structures to export" in invoke("export", unfinished.pk, expect=1).output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["show", "explain", "plot", "export"])
def test_other_processes_are_refused_in_one_sentence(invoke: Invoke, search: orm.WorkChainNode, command: str) -> None:
    child = next(node for node in search.called if isinstance(node, orm.WorkChainNode))
    output = invoke(command, child.pk, expect=1).output
    assert f"node {child.pk} is a EmtEvaluationWorkChain, of which there is no report" in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("identifier", ["999999", "nobody", "$(reboot)", "../../etc/passwd"])
def test_what_is_no_process_is_a_wrong_argument(invoke: Invoke, identifier: str) -> None:
    invoke("show", identifier, expect=2)
