"""Tests of aiida_gbml.cli.recommend_configuration; what it refuses is in test_recommend_launch.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiida import orm
from known_compositions import IONS, known_set

from aiida_gbml.cli.recommend_configuration import find_ions, overrides_of, prepare, read
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.strict_json import write_json

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_files_lie_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("formula\nMgO\n")
    (tmp_path / "recommend.yaml").write_text("known: known.csv\nexclude: 17\n")
    settings = read(tmp_path / "recommend.yaml")
    assert settings == {"known": str(tmp_path / "known.csv"), "exclude": 17}


def test_tables_of_ions_by_level_node_and_default() -> None:
    assert find_ions(None).table == IonTable.default()
    assert find_ions("common").table == IonTable.default("common")
    node = IonTableData(IONS).store()
    assert find_ions(node.pk).uuid == node.uuid
    with pytest.raises(ValueError, match="is a Int, not a table of ions"):
        find_ions(orm.Int(1).store().pk)


def test_mixed_valence_of_any_table_but_one_that_is_stored_without(tmp_path: Path) -> None:
    path = tmp_path / "ions.yaml"
    path.write_bytes(write_json(IONS.to_dict()))
    for given in (None, "common", path):
        assert find_ions(given, mixed_valence=True).table.mixed_valence
        assert not find_ions(given).table.mixed_valence
    path.write_bytes(write_json(replace(IONS, mixed_valence=True).to_dict()))
    assert find_ions(path).table.mixed_valence
    with pytest.raises(ValueError, match="has no mixed valence"):
        find_ions(IonTableData(IONS).store().pk, mixed_valence=True)


def test_a_recommender_by_its_kind_alone() -> None:
    given = {"model": "tucker", "top_k": 7, "known": "known.csv", "validation": "holdout"}
    assert overrides_of(given) == {"model": {"kind": "tucker"}, "top_k": 7, "validation": {"kind": "holdout"}}


def test_nothing_is_stored_before_it_is_asked_for(tmp_path: Path, python_code: orm.InstalledCode) -> None:
    path = tmp_path / "known.csv"
    path.write_text("formula\n" + "\n".join(known_set().formulas()))
    later = CompositionSetData(known_set(seed=5)).store()
    before = orm.QueryBuilder().append(orm.Node).count()
    settings = {"known": str(path), "later": later.pk, "worker": python_code.full_label, "model": "popularity"}
    prepared = prepare({**settings, "label": "mine"})
    assert orm.QueryBuilder().append(orm.Node).count() == before
    assert not prepared.builder.known.is_stored
    builder = prepared.store()
    assert builder.known.is_stored
    assert builder.validation.later.uuid == later.uuid
    assert builder.metadata.label == "mine"
