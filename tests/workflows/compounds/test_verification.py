"""Tests of aiida_gbml.workflows.compounds.verification: a real LAMMPS and rigid ions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node
from aiida.manage.caching import enable_caching
from ranked import ranking_of
from titanates import POTENTIAL, oxides, perovskite

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain
from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain

pytestmark = [pytest.mark.lammps, pytest.mark.usefixtures("aiida_profile")]

RANKED = ("BaTiO3", "CaTiO3", "MgTiO3", "MgCaO3")


@pytest.fixture
def cached() -> Iterator[None]:
    """Use what an earlier test has computed."""
    with enable_caching(identifier="aiida.calculations:gbml.lammps"):
        yield


@pytest.fixture
def verification(lammps_code: orm.InstalledCode) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of a verification."""

    def make(competing: Sequence[Any] | None = None, max_steps: int = 1000, **settings: Any) -> ProcessBuilder:
        engine = LammpsEvaluationWorkChain.get_builder_from_protocol(
            lammps_code,
            None,
            "fast",
            overrides={"lammps": {"parameters": {"max_steps": max_steps}}},
            potential=POTENTIAL,
        )
        builder = CompositionVerificationWorkChain.get_builder_from_protocol(
            RankingData(ranking_of(RANKED[:3], [0.9, 0.8, 0.1])),
            StructureSetData(StructureSet.from_ase([perovskite()])),
            engine,
            competing=StructureSetData(StructureSet.from_ase(oxides() if competing is None else competing)),
            protocol="fast",
            overrides={"settings": settings},
        )
        builder.known = CompositionSetData(CompositionSet.of([parse_formula("SrTiO3")], source="by hand"))
        return builder

    return make


def test_stable_compositions_join_the_known_ones(verification: Callable[..., ProcessBuilder]) -> None:
    outputs, node = run_get_node(verification())
    assert node.is_finished_ok, node.exit_message
    assert outputs["expectation"]["expected_hit_rate"] == pytest.approx(0.6)
    assert outputs["expectation"].ctime < outputs["phases"].ctime, "expected before anything was computed"
    report = outputs["report"].get_dict()
    assert (report["n_stable"], report["n_judged"], report["n_competing"]) == (2, 3, 4)
    assert report["hit_rate"] == pytest.approx(2 / 3)
    assert outputs["stable"].compositions.formulas() == ["BaTiO3", "CaTiO3"]
    assert outputs["known"].compositions.formulas() == ["SrTiO3", "BaTiO3", "CaTiO3"]
    assert outputs["known"].creator.process_label == "join_compositions"
    verified = outputs["verified"].structures
    assert verified.columns["verdict"].tolist() == ["stable", "stable", "unstable"]
    # the cubic lattice parameter of barium titanate, 4.00 Å; rigid ions are good for a few per cent
    assert verified.cells[0, 0, 0] == pytest.approx(4.00, rel=0.03)


@pytest.mark.parametrize(
    ("competing", "settings", "status", "sentence"),
    [
        (None, {"elements": ["Mg", "Ba", "O"]}, 301, "none of the 3 ranked compositions of Ba, Mg, O has the ratio"),
        (oxides()[:1], {"n_compositions": 2}, 302, "none of the 1 competing phases is made of elements of BaTiO3"),
        (oxides()[:4], {"n_compositions": 1, "max_steps": 1}, 502, "No composition could be judged"),
    ],
)
@pytest.mark.usefixtures("cached")
def test_what_cannot_be_verified(
    verification: Callable[..., ProcessBuilder], competing: Any, settings: Any, status: int, sentence: str
) -> None:
    _, node = run_get_node(verification(competing, **settings))
    assert node.exit_status == status
    assert sentence in node.exit_message


@pytest.mark.usefixtures("cached")
def test_a_phase_that_was_not_relaxed_is_a_caveat(verification: Callable[..., ProcessBuilder]) -> None:
    outputs, node = run_get_node(verification(max_steps=1, n_compositions=1))
    assert node.exit_status == 501
    assert "competing phases failed or ran out of steps" in node.exit_message
    assert "report" in outputs


def run_changed(builder: ProcessBuilder, name: str, make: Callable[[], orm.Data]) -> None:
    """Run a verification of which one input differs."""
    builder[name] = make()
    run_get_node(builder)


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("settings", lambda: orm.Dict({"n_compositions": 0}), "must be a whole number from 1, got 0"),
        ("settings", lambda: orm.Dict({"elements": ["Na"]}), "none of the competing phases is made of Na only"),
        ("prototypes", lambda: StructureSetData(StructureSet.from_ase([])), "'prototypes' holds no structure"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_stored(
    verification: Callable[..., ProcessBuilder], name: str, make: Callable[[], orm.Data], sentence: str
) -> None:
    builder = verification()
    before = orm.QueryBuilder().append(orm.ProcessNode).count()
    with pytest.raises(ValueError, match=sentence):
        run_changed(builder, name, make)
    assert orm.QueryBuilder().append(orm.ProcessNode).count() == before


def test_an_engine_that_lacks_an_element_says_so(verification: Callable[..., ProcessBuilder]) -> None:
    builder = verification()
    known = [*oxides(), perovskite().__class__("NaCl", [[0, 0, 0], [2.8, 0, 0]], cell=[5.6, 5.6, 2.8], pbc=True)]
    builder.competing = StructureSetData(StructureSet.from_ase(known))
    with pytest.raises(ValueError, match="the engine cannot evaluate the competing phases"):
        run_get_node(builder)
    builder.settings = orm.Dict({"elements": ["Ba", "Ti", "O"]})
    ports: Any = CompositionVerificationWorkChain.spec().inputs
    assert ports.validate(builder._inputs(prune=True)) is None, "chlorine is left out"
