"""Tests of aiida_gbml.cli.recommend_dry_run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ase.io import write
from known_compositions import IONS, known_roles, known_set, space_of
from recommendations import SPACE
from titanates import perovskite

from aiida_gbml.cli.recommend_dry_run import describe
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def described(**changes: Any) -> str:
    known = CompositionSetData(known_set()).store()
    ions = IonTableData(IONS).store()
    return describe({"known": known.pk, "ions": ions.pk, "space": SPACE, "model": "tucker", **changes})


def test_candidates_are_counted_exactly() -> None:
    text = described()
    count, unknown = (int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:neutral|of them)", text)[-2:])
    assert count == space_of(3).count()
    assert unknown == count - len(known_roles(known_set(), 3))


def test_costs_depend_on_the_model() -> None:
    assert "about 1 CPU seconds" in described()
    assert "seconds: the model scores only what is like a known composition" in described(model="substitution")
    assert "by 20 % of the known, held out at random" in described(validation={"kind": "holdout"})
    assert "by what was first seen from 20 on" in described(validation={"kind": "chronological", "cutoff": 20})
    assert "a second database, which fits" in described(later=CompositionSetData(known_set(seed=5)).store().pk)


def test_verifications_are_checked_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "perovskite.cif", perovskite())
    given = {"prototypes": [str(tmp_path / "perovskite.cif")], "settings": {"n_compositions": 4}}
    text = described(verification={**given, "engine": {"name": "absent"}})
    assert "the best 4 that have one of 1 prototypes: at most 4 structures, and at most 1 competing phases" in text
    with pytest.raises(ValueError, match=r"there is no node 'absent.cif'"):
        described(verification={**given, "prototypes": ["absent.cif"]})
    with pytest.raises(ValueError, match="'n_compositions' of the verification must be a whole number"):
        described(verification={**given, "settings": {"n_compositions": 0}})
    with pytest.raises(ValueError, match=r"no potential file 'missing\.yaml'"):
        described(verification={**given, "engine": {"potential": "missing.yaml"}})


def test_shortlists_are_checked() -> None:
    with pytest.raises(ValueError, match="no recommender 'oracle'"):
        described(shortlist={"kind": "oracle", "size": 5})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"space": {**SPACE, "filters": {"required": ["Kr"]}}}, "no neutral composition of 3 elements passes"),
        ({"validation": {"kind": "chronological", "cutoff": 10**6}}, "known and 0 later compositions"),
        ({"shortlist": {"kind": "cp", "size": 5}}, "the shortlist of 5 is shorter than `top_k`"),
        ({"shortlist": "cp"}, "'shortlist' must be a mapping, got 'cp'"),
        ({"model": 3}, "'model' must be a mapping, got 3"),
        ({"validation": 0.2}, "'validation' must be a mapping, got 0.2"),
        ({"top_k": "many"}, "'top_k' must be a whole number, got 'many'"),
        ({"n_shards": 2000}, "'n_shards' must be at most 1000"),
    ],
)
def test_what_a_recommendation_would_refuse_is_told(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        described(**changes)
