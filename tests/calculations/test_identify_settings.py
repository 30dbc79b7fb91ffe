"""Settings have equal keys when they compute the same."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from core_hole_data import oxygen_pair, upf_node

from aiida_gbml.calculations.identify_settings import identify_settings
from aiida_gbml.science.spectra.identity import key_of

pytestmark = pytest.mark.usefixtures("aiida_profile")


def keys(**changes: Any) -> dict[str, Any]:
    given = {
        "pair_O_full": oxygen_pair(),
        "pseudo_Mg": upf_node("Mg", 2.0),
        "setting_cell": orm.Dict({"min_distance": 9.0}),
        "setting_kpoints_distance": orm.Float(0.3),
    }
    found: dict[str, Any] = identify_settings(**{**given, **changes})["settings"].get_dict()
    return found


def test_equal_content_has_equal_keys_whatever_the_nodes() -> None:
    assert keys() == keys()
    assert keys()["elements"] == {
        "O": {
            "ground": oxygen_pair().base.attributes.get("ground_md5"),
            "full": key_of([oxygen_pair().base.attributes.get(name) for name in ("hole_md5", "core_term")]),
        },
        "Mg": {"ground": upf_node("Mg", 2.0).md5},
    }


def test_a_setting_changes_the_key_that_all_share_and_a_dataset_only_that_of_its_element() -> None:
    assert keys(setting_kpoints_distance=orm.Float(0.2))["common"] != keys()["common"]
    other = keys(pair_O_full=oxygen_pair(valence=8.0))
    assert other["common"] == keys()["common"]
    assert other["elements"]["Mg"] == keys()["elements"]["Mg"]
    assert other["elements"]["O"] != keys()["elements"]["O"]


def test_the_core_term_moves_the_axis_and_counts() -> None:
    assert keys(pair_O_full=oxygen_pair(energies=False))["elements"]["O"] != keys()["elements"]["O"]


def test_spectra_of_another_method_do_not_count_as_known(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys()
    monkeypatch.setattr("aiida_gbml.calculations.identify_settings._VERSION", 0)
    assert keys()["common"] != before["common"]


def test_what_the_checks_say_of_a_pair_does_not_count() -> None:
    assert keys(pair_O_full=oxygen_pair(verdict="failed")) == keys()
