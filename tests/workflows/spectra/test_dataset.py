"""Datasets of spectra: what is shared, what is skipped, what fails. No program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node
from aiida.manage import get_manager
from ase import Atoms
from ase.build import molecule
from datasets import THRESHOLD, chain_of_oxygen, magnesia
from plumpy.persistence import LoadSaveContext

from aiida_gbml.science.spectra.dataset import SpectraTable
from aiida_gbml.workflows import levels
from aiida_gbml.workflows.spectra import dataset as module


def labels(node: orm.ProcessNode, prefix: str) -> list[str]:
    """Return the labels of the children of a dataset that begin so."""
    links = node.base.links.get_outgoing(link_type=(LinkType.CALL_CALC, LinkType.CALL_WORK)).all()
    return sorted(link.link_label for link in links if link.link_label.startswith(prefix))


def computed(builder: Any) -> tuple[orm.WorkChainNode, SpectraTable]:
    """Return a dataset that has run, and its only table."""
    _, node = run_get_node(builder)
    assert "dataset" in node.outputs, (node.exit_status, node.exit_message, node.exception)
    (table,) = node.outputs.dataset.tables
    return node, table


def test_the_sites_of_a_structure_share_its_ground_state(spectra_dataset: Callable[..., Any]) -> None:
    """A crystal with one site, and a molecule with three."""
    node, table = computed(spectra_dataset([magnesia(), chain_of_oxygen(3)], ["none", "full"]))
    assert node.is_finished_ok, node.exit_message
    assert labels(node, "ground_") == ["ground_00000_0", "ground_00001_0"]
    sites = labels(node, "site_")
    assert sites == ["site_00000_O_K_0001", *(f"site_00001_O_K_{site:04d}" for site in range(3))]
    children = {link.link_label: link.node for link in node.base.links.get_outgoing().all()}
    for site in sites[1:]:
        given = children[site].inputs.ground_state
        assert given.structure.uuid == children["ground_00001_0"].inputs.pw.structure.uuid
        assert given.remote_folder.uuid == children["ground_00001_0"].outputs.remote_folder.uuid
        assert children[site].inputs.structure.uuid == children[sites[1]].inputs.structure.uuid
    assert table.columns["site"].tolist() == [1, 1, 0, 0, 1, 1, 2, 2]
    assert table.columns["treatment"].tolist() == ["none", "full"] * 4
    assert set(table.columns["structure_label"]) == {"structure 0", "structure 1"}
    peaks = table.energy[np.nanargmax(table.intensity, axis=1)]
    np.testing.assert_allclose(peaks, THRESHOLD + table.columns["site"], atol=0.051)
    np.testing.assert_allclose(table.columns["transition_energy"], THRESHOLD + table.columns["site"])


def test_the_ground_state_has_the_inputs_of_a_site(spectra_dataset: Callable[..., Any]) -> None:
    """Its kinds have the datasets of the ground state, its parameters are those without a hole."""
    node, _ = computed(spectra_dataset([magnesia()]))
    ground = next(child for child in node.called if child.process_label == "FakeGround")
    marked = ground.inputs.pw.structure
    assert sorted(kind.name for kind in marked.kinds) == ["Mg", "O", "O1"]
    pseudos = ground.inputs.pw.pseudos
    assert pseudos["O"].uuid == pseudos["O1"].uuid
    assert pseudos["O"].md5 == node.inputs.pairs.O.full.base.attributes.get("ground_md5")
    system = ground.inputs.pw.parameters["SYSTEM"]
    assert "tot_charge" not in system
    assert system["occupations"] == "fixed"
    assert system["ecutwfc"] == 40.0


def test_what_is_known_is_not_computed_again(spectra_dataset: Callable[..., Any]) -> None:
    """A structure more, then a treatment more, then other settings; rows that are there stay as they are."""
    _, first = computed(spectra_dataset([magnesia()]))
    earlier, _ = computed(spectra_dataset([magnesia()]))
    known = {"extend": earlier.outputs.dataset}
    node, table = computed(spectra_dataset([magnesia(), chain_of_oxygen(2)], **known))
    assert labels(node, "site_") == ["site_00001_O_K_0000"]
    assert labels(node, "ground_") == ["ground_00001_0"]
    assert len(table) == 2
    np.testing.assert_array_equal(table.take([0]).intensity[:, : len(first.energy)], first.intensity)

    node, table = computed(spectra_dataset([magnesia()], ["none", "full"], **known))
    (child,) = (link.node for link in node.base.links.get_outgoing(link_label_filter="site_%").all())
    assert child.inputs.treatments.get_list() == ["none"]
    assert table.columns["treatment"].tolist() == ["full", "none"]

    node, table = computed(spectra_dataset([magnesia()], **known))
    assert not labels(node, "site_")
    assert node.outputs.dataset.uuid == earlier.outputs.dataset.uuid

    other = {"overrides": {"kpoints_distance": 0.9}, **known}
    node, table = computed(spectra_dataset([magnesia()], **other))
    assert labels(node, "site_") == ["site_00000_O_K_0001"]
    assert len(table) == 2


def test_a_failed_site_is_a_row_and_is_tried_again(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.FakeSite, "fail", frozenset({1}))
    node, table = computed(spectra_dataset([chain_of_oxygen(3)]))
    assert node.is_finished_ok
    assert table.failed.tolist() == [False, True, False]
    assert "it did not converge" in table.columns["reason"][1]
    assert table.columns["multiplicity"][1] == 1
    monkeypatch.undo()


def test_a_failure_is_computed_again_and_replaced(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.FakeSite, "fail", frozenset({1}))
    earlier, _ = computed(spectra_dataset([chain_of_oxygen(3)]))
    monkeypatch.setattr(datasets.FakeSite, "fail", frozenset())
    node, table = computed(spectra_dataset([chain_of_oxygen(3)], extend=earlier.outputs.dataset))
    assert labels(node, "site_") == ["site_00000_O_K_0001"]
    assert sorted(table.columns["site"].tolist()) == [0, 1, 2]
    assert not table.failed.any()


def test_too_many_failures_are_told_and_nothing_is_lost(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.FakeSite, "fail", frozenset({0, 2}))
    node, table = computed(spectra_dataset([chain_of_oxygen(3)]))
    assert node.exit_status == 420
    assert "2 of 3 spectra failed" in node.exit_message
    assert table.failed.tolist() == [True, False, True]


def test_without_its_ground_state_no_site_is_tried(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.FakeGround, "fail", True)
    node, table = computed(spectra_dataset([chain_of_oxygen(2)]))
    assert not labels(node, "site_")
    (reason,) = table.columns["reason"].tolist()
    assert "the ground state failed: FakeGround ended with exit code 330" in reason
    assert table.energy.size == 0


def test_a_structure_that_cannot_be_computed_keeps_no_other_from_it(spectra_dataset: Callable[..., Any]) -> None:
    """Atoms on top of each other, and an odd number of electrons that an insulator cannot have."""
    overlapping = Atoms("O2", positions=[(0, 0, 0), (0, 0, 0.2)], cell=[5] * 3, pbc=True)
    odd = datasets.Atoms("OH", positions=[(0, 0, 0), (0, 0, 1)])
    given = {"pseudos": {"Mg": datasets.upf_node("Mg", 2.0), "H": datasets.upf_node("H", 1.0)}}
    node, table = computed(spectra_dataset([overlapping, magnesia(), odd], **given))
    assert node.exit_status == 420
    assert table.failed.tolist() == [True, False, True]
    assert "overlap" in table.columns["reason"][0]
    assert "valence electrons" in table.columns["reason"][2]


def test_many_sites_have_ground_states_for_as_many_kinds_as_there_may_be(spectra_dataset: Callable[..., Any]) -> None:
    """Twelve sites: nine in the first cell, three in the second; rows are collected in parts and merged in levels."""
    builder = spectra_dataset([chain_of_oxygen(12)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MERGE_LIMIT", 6)
        patch.setattr(levels, "MERGE_LIMIT", 2)
        node, table = computed(builder)
    assert labels(node, "ground_") == ["ground_00000_0", "ground_00000_1"]
    assert len(labels(node, "collect_")) == 4
    assert labels(node, "merge_") == ["merge_0_0", "merge_0_1", "merge_1_0"]
    assert table.columns["site"].tolist() == list(range(12))


def test_no_more_children_run_than_allowed(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit counts ground states and sites of all structures together."""
    most = []
    launch = module.SpectraDatasetWorkChain.fan_out

    def watched(self: Any, *arguments: Any) -> None:
        launch(self, *arguments)
        most.append(sum(not call.is_terminated for call in self._calls().values()))

    monkeypatch.setattr(module.SpectraDatasetWorkChain, "fan_out", watched)
    computed(spectra_dataset([chain_of_oxygen(4), magnesia(), magnesia(4.3)], max_concurrent=3))
    assert max(most) == 3


def test_a_dataset_of_no_sites_is_refused(spectra_dataset: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="no structure has O; the elements are C, H"):
        run_get_node(spectra_dataset([molecule("CH4")]))


class DieError(BaseException):
    """What ends an interpreter."""


@pytest.mark.parametrize("dies_at", ["plan_00000_0", "site_00000_O_K_0001", "collect_0000"])
def test_an_interpreter_that_dies_loses_and_doubles_nothing(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    """It dies right after it has called a child or a function; another one takes the dataset up again."""
    chain = module.SpectraDatasetWorkChain
    launch, call_once = chain._launch, chain.call_once

    def die_after_launch(self: Any, label: str, *arguments: Any) -> int:
        pk = launch(self, label, *arguments)
        if label == dies_at:
            raise DieError
        return pk

    def die_after_call(self: Any, label: str, *arguments: Any, **inputs: Any) -> Any:
        outputs = call_once(self, label, *arguments, **inputs)
        if label == dies_at:
            raise DieError
        return outputs

    builder = spectra_dataset([chain_of_oxygen(3)])
    process = get_manager().create_runner(loop=asyncio.new_event_loop()).instantiate_process(builder)
    with monkeypatch.context() as patch:
        patch.setattr(chain, "_launch", die_after_launch)
        patch.setattr(chain, "call_once", die_after_call)
        with pytest.raises(DieError):
            process.execute()
    monkeypatch.setattr(chain, "RESEND_AFTER", 0.1)
    runner = get_manager().create_runner(loop=asyncio.new_event_loop())
    again: Any = runner.persister.load_checkpoint(process.pid).unbundle(LoadSaveContext(runner=runner))
    again.execute()
    assert again.node.is_finished_ok, again.node.exception
    (table,) = again.node.outputs.dataset.tables
    assert table.columns["site"].tolist() == [0, 1, 2]
    called = labels(again.node, "")
    assert len(called) == len(set(called))
    assert [label for label in called if label.startswith(("ground", "site"))] == [
        "ground_00000_0",
        *(f"site_00000_O_K_{site:04d}" for site in (0, 1, 2)),
    ]
