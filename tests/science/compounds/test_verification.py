"""Tests of aiida_gbml.science.compounds.verification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from titanates import POTENTIAL, RANKED, oxides, perovskite

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.prototypes import composition_of
from aiida_gbml.science.compounds.verification import (
    VerificationError,
    VerificationSettings,
    judge_compositions,
    relevant_phases,
    select_compositions,
)
from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsSettings, run_batch
from aiida_gbml.science.structure_set import StructureSet

PROTOTYPES = StructureSet.from_ase([perovskite()])
COMPETING = StructureSet.from_ase(oxides())
COMPOSITIONS = [parse_formula(formula) for formula in RANKED]
CHANCES = np.array([0.9, 0.8, 0.6, 0.2, 0.3])


def selected(**settings: Any) -> tuple[StructureSet, dict[str, Any]]:
    return select_compositions(COMPOSITIONS, CHANCES, PROTOTYPES, VerificationSettings(**settings))


def evaluated(structures: StructureSet, energies: list[float]) -> StructureSet:
    """Return structures with energies in eV/atom; NaN for a failed one."""
    total = np.array(energies) * structures.sizes
    status = ["failed" if np.isnan(energy) else "ok" for energy in energies]
    return structures.with_columns(energy=total, status=status)


def test_the_best_ranked_with_a_prototype_are_chosen() -> None:
    structures, outlook = selected(n_compositions=3)
    assert structures.columns["formula"].tolist() == ["BaTiO3", "CaTiO3", "MgTiO3"]
    assert structures.columns["place"].tolist() == [1, 3, 4]
    assert set(structures.columns["prototype"].tolist()) == {"SrTiO3"}
    assert [composition_of(atoms).formula for atoms in structures] == structures.columns["formula"].tolist()
    assert outlook["expected_hit_rate"] == pytest.approx((0.9 + 0.6 + 0.2) / 3)
    assert outlook["without_prototype"] == ["NaCl"]


def test_elements_narrow_the_choice() -> None:
    _, outlook = selected(elements=("Ca", "Sr", "Ti", "O"))
    assert outlook["formulas"] == ["CaTiO3", "SrTiO3"]
    with pytest.raises(VerificationError, match="none of the 5 ranked compositions of Na, O has the ratio"):
        selected(elements=("Na", "O"))


def test_without_probabilities_nothing_is_expected() -> None:
    _, outlook = select_compositions(COMPOSITIONS, CHANCES * np.nan, PROTOTYPES, VerificationSettings())
    assert outlook["expected_hit_rate"] is None


def test_only_phases_of_the_systems_compete() -> None:
    phases = relevant_phases(COMPETING, ["CaTiO3", "SrTiO3"])
    assert phases.columns["formula"].tolist() == ["CaO", "SrO", "TiO2"]
    with pytest.raises(VerificationError, match="none of the 5 competing phases is made of elements of NaCl"):
        relevant_phases(COMPETING, ["NaCl"])


def test_energies_against_the_mixture_decide() -> None:
    structures, _ = selected()
    phases = relevant_phases(COMPETING, RANKED)
    oxides_of = dict(zip(phases.columns["formula"].tolist(), range(5), strict=True))
    energies = np.full(5, -5.0)
    competing = evaluated(phases, energies.tolist())
    judged, summary, stable = judge_compositions(evaluated(structures, [-5.1, np.nan, -4.9, -4.99]), competing, 0.02)
    assert oxides_of.keys() == {"MgO", "CaO", "SrO", "BaO", "TiO2"}
    assert judged.columns["verdict"].tolist() == ["stable", "failed", "unstable", "stable"]
    assert judged.columns["energy_above_hull"][[0, 2, 3]] == pytest.approx([-0.1, 0.1, 0.01])
    assert judged.columns["decomposition"][0] == "0.40 BaO + 0.60 TiO2"
    assert np.isnan(judged.columns["formation_energy"]).all(), "there are no elements"
    assert (summary["n_judged"], summary["n_stable"], summary["n_failed"]) == (3, 2, 1)
    assert summary["hit_rate"] == pytest.approx(2 / 3)
    expected = binomtest(2, 3).proportion_ci(method="wilson")
    assert summary["hit_rate_interval"] == pytest.approx([expected.low, expected.high])
    assert stable.formulas() == ["BaTiO3", "SrTiO3"]
    assert stable.ids.tolist() == ["computed:BaTiO3", "computed:SrTiO3"]


def test_the_prototype_of_lowest_energy_stands_for_its_composition() -> None:
    twice = StructureSet.from_ase([perovskite(), perovskite()])
    structures, outlook = select_compositions(COMPOSITIONS[:1], CHANCES[:1], twice, VerificationSettings())
    assert outlook["n_structures"] == 2
    competing = evaluated(relevant_phases(COMPETING, ["BaTiO3"]), [-5.0, -5.0])
    judged, summary, _ = judge_compositions(evaluated(structures, [-4.9, -5.2]), competing, 0.0)
    assert judged.columns["is_best"].tolist() == [False, True]
    assert (summary["n_judged"], summary["n_stable"]) == (1, 1)
    # no candidate competes with itself
    assert judged.columns["energy_above_all"][1] == pytest.approx(-0.2)


def test_what_no_phases_make_up_is_not_judged() -> None:
    structures, _ = selected(n_compositions=1)
    competing = evaluated(relevant_phases(COMPETING, ["BaTiO3"]), [-5.0, np.nan])
    judged, summary, stable = judge_compositions(evaluated(structures, [-6.0]), competing, 0.0)
    assert judged.columns["verdict"].tolist() == ["not judged"]
    assert summary["hit_rate"] is None
    assert summary["n_competing_failed"] == 1
    assert len(stable) == 0


@pytest.mark.lammps
def test_rigid_ions_know_which_titanates_are_perovskites(lmp: Path, tmp_path: Path) -> None:
    """MgTiO3 crystallises as ilmenite: its perovskite decomposes, those of the larger ions do not."""
    potential = LammpsPotential.from_dict(POTENTIAL)
    settings = LammpsSettings(mode="relax", cell="free", force_tolerance=1e-2)

    def relax(structures: StructureSet, name: str) -> StructureSet:
        return run_batch(lmp, structures, potential, settings, potential_files={}, folder=tmp_path / name)

    structures, _ = selected()
    phases = relevant_phases(COMPETING, structures.columns["formula"].tolist())
    judged, summary, _ = judge_compositions(relax(structures, "new"), relax(phases, "known"), 0.0)
    verdicts = dict(zip(judged.columns["formula"].tolist(), judged.columns["verdict"].tolist(), strict=True))
    assert verdicts == {"BaTiO3": "stable", "CaTiO3": "stable", "MgTiO3": "unstable", "SrTiO3": "stable"}
    assert summary["hit_rate"] == 0.75


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_compositions": 0}, "'n_compositions' of the verification must be a whole number from 1, got 0"),
        ({"n_prototypes": 1.5}, "'n_prototypes' of the verification must be a whole number from 1, got 1.5"),
        ({"tolerance": -1}, "'tolerance' of the verification must be 0 eV/atom or more, got -1"),
        ({"elements": ["Xx"]}, "'elements' of the verification names 'Xx', which is no element"),
        ({"elements": "MgO"}, "'elements' of the verification must be a list of elements, got 'MgO'"),
        ({"seed": 1}, "the verification has no setting 'seed', known are n_compositions"),
    ],
)
def test_impossible_settings(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(VerificationError, match=sentence):
        VerificationSettings.from_dict(settings)
