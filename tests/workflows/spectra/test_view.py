"""Spectra as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import datasets
import pytest
from aiida import orm
from aiida.engine import ProcessState, run_get_node
from datasets import THRESHOLD, chain_of_oxygen, magnesia

from aiida_gbml.workflows.spectra.view import COLUMNS, DatasetView, SpectrumView


def test_a_dataset_looks_the_same_through_its_process_and_its_node(
    spectra_dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.FakeSite, "fail", frozenset({2}))
    node = run_get_node(spectra_dataset([magnesia(), chain_of_oxygen(3)], ["none", "full"]))[1]
    view = DatasetView(node)
    assert view.state == "finished"
    rows = view.rows()
    assert DatasetView(node.outputs.dataset).rows() == rows == json.loads(json.dumps(rows))
    assert DatasetView(node.outputs.dataset).state == "stored"
    assert [row["site"] for row in rows] == [1, 1, 0, 0, 1, 1, 2, 2]
    assert set(rows[0]) <= set(COLUMNS)
    assert (rows[0]["transition_energy"], rows[0]["structure_label"]) == (THRESHOLD + 1, "structure 0")
    assert (rows[-1]["transition_energy"], rows[-1]["status"]) == (None, "failed")
    assert view.rows(3) == rows[:3]
    assert (view.summary["n_spectra"], view.summary["n_failed"]) == (8, 2)
    ((reason, count),) = view.failures()
    assert "it did not converge" in reason
    assert count == 2

    child = next(one for one in node.called if one.process_label == "FakeSite" and one.is_finished_ok)
    spectra = SpectrumView(child)
    assert list(spectra.spectra) == ["none", "full"]
    (table,) = spectra.tables
    assert table.step == pytest.approx(0.1)
    single = SpectrumView(spectra.spectra["full"])
    assert single.state == "stored"
    assert single.summary["treatment"] == "full"


@pytest.mark.usefixtures("aiida_profile")
def test_what_has_not_begun_is_shown_as_far_as_it_is() -> None:
    node = orm.WorkChainNode()
    node.set_process_state(ProcessState.CREATED)
    node.store()
    view = DatasetView(node)
    assert view.state == "created, 0 of 0 sites launched so far have ended"
    assert (view.summary, view.rows(), view.tables, view.failures()) == ({}, [], (), [])
    assert SpectrumView(node).spectra == {}
    assert SpectrumView(node).tables == ()
