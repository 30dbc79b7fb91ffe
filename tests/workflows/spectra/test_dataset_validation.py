"""Datasets of spectra that are refused before anything is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms
from core_hole_data import oxygen_pair, upf_node
from datasets import magnesia

from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.dataset import tables_from_rows
from aiida_gbml.workflows.spectra.dataset_validation import validate_edges


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [
        ([], "`edges` is empty"),
        ([{"element": "O"}], "a mapping of `element` and `edge`"),
        (["O"], "a mapping of `element` and `edge`"),
        ([{"element": "$(reboot)", "edge": "K"}], "is no symbol"),
        ([{"element": "O", "edge": "M45"}], "there is no edge 'M45', expected one of K, L1"),
        ([{"element": "O", "edge": "K"}] * 2, "stands twice"),
    ],
)
def test_edges_that_are_none_are_named(edges: list[Any], sentence: str) -> None:
    assert sentence in str(validate_edges(orm.List(edges), None))


def test_edges_that_make_sense_pass() -> None:
    assert validate_edges(orm.List([{"element": "O", "edge": "K"}, {"element": "O", "edge": "L1"}]), None) is None


def run_changed(builder: Any, change: Callable[[Any], None]) -> None:
    """Run a builder with a change, which may be refused when it is made."""
    change(builder)
    run_get_node(builder)


def test_what_does_not_fit_is_refused_in_one_sentence(spectra_dataset: Callable[..., Any]) -> None:
    """Each change is one mistake; nothing runs and nothing is stored."""
    before = orm.QueryBuilder().append(orm.ProcessNode).count()
    mistakes: list[tuple[Callable[[Any], None], str]] = [
        (lambda one: one.update(treatments=orm.List(["half"])), "`pairs.half` is missing"),
        (lambda one: one.update(treatments=orm.List(["hope"])), "expected one or more of none, half"),
        (lambda one: one.update(pseudos={}), "there is no pseudopotential of Mg in `pseudos`"),
        (lambda one: one.update(pseudos={"Mg": upf_node("Mg", 2.0, "LDA")}), "the functional of Mg is LDA"),
        (lambda one: one.pseudos.update(O=upf_node("O", 6.0)), "O is given in `pairs` and in `pseudos`: leave it out"),
        (lambda one: one.update(pairs={"O": {"full": oxygen_pair(verdict="failed")}}), "have the verdict 'failed'"),
        (lambda one: one.update(pairs={"O": {"full": oxygen_pair(energies=False)}}), "has no core term"),
        (lambda one: one.update(edges=orm.List([{"element": "O", "edge": "L1"}])), "excites 2s"),
        (lambda one: one.update(edges=orm.List([{"element": "Mg", "edge": "K"}])), "there is no pair of Mg"),
        (
            lambda one: one.update(edges=orm.List([{"element": "O", "edge": edge} for edge in ("K", "L1")])),
            "make a dataset for each shell",
        ),
        (lambda one: one.update(max_concurrent=orm.Int(0)), "'max_concurrent' must be at least 1, got 0"),
        (lambda one: one.update(energy_step=orm.Float(0.5), extend=_earlier(0.1)), "has a step of 0.1 eV"),
    ]
    for change, sentence in mistakes:
        builder = spectra_dataset([magnesia()])
        with pytest.raises(ValueError, match=re.escape(sentence)):
            run_changed(builder, change)
    assert orm.QueryBuilder().append(orm.ProcessNode).count() == before


def test_every_combination_of_elements_is_looked_at(spectra_dataset: Callable[..., Any]) -> None:
    """The second structure has an element without a pseudopotential."""
    hydroxide = Atoms("OH", positions=[(0, 0, 0), (0, 0, 1)])
    with pytest.raises(ValueError, match="there is no pseudopotential of H in `pseudos`"):
        run_get_node(spectra_dataset([magnesia(), hydroxide]))


def _earlier(step: float) -> SpectraDatasetData:
    curve = {"energy": [530.0, 531.0, 532.0], "intensity": [0.0, 1.0, 2.0], "element": "O", "edge": "K"}
    return SpectraDatasetData(tables_from_rows([curve], step)).store()
