"""Wrong inputs of a search: each is refused in one sentence, with nothing stored."""

from __future__ import annotations

import io

import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms
from ase.build import bulk
from searches import BOUNDARY, SPACE, EmtEvaluationWorkChain

from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")


def build(atoms=None, boundary=None, engine=None, **overrides):
    return GrainBoundarySearchWorkChain.get_builder_from_protocol(
        orm.StructureData(ase=bulk("Cu", a=3.615) if atoms is None else atoms),
        BOUNDARY if boundary is None else boundary,
        engine or EmtEvaluationWorkChain.get_builder_from_protocol(None, None),
        overrides={"space": SPACE, **overrides},
    )


def count():
    return orm.QueryBuilder().append(orm.Node).count()


def refused(make):
    """Return the sentence with which a search is refused, having checked that it is one and leaves nothing behind."""
    before = count()
    with pytest.raises(ValueError, match=r"\w") as caught:
        run_get_node(make())
    assert count() == before
    message = str(caught.value)
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"atoms": bulk("Mg")}, "is not cubic: its space group is P6_3/mmc"),
        ({"atoms": bulk("Cu", "fcc", a=3.6, cubic=True) * (1, 1, 2) + Atoms("H", [(0.3, 1, 2)])}, "is not cubic"),
        (
            {"boundary": {**BOUNDARY, "sigma": 4}},
            "there is no sigma 4 boundary about [0 0 1]; the nearest sigmas are 5,",
        ),
        ({"boundary": {**BOUNDARY, "sigma": 23}}, "there is no sigma 23 boundary about [0 0 1]"),
        ({"boundary": {**BOUNDARY, "plane": [1, 1, 1]}}, "(1 1 1) neither holds the axis [0 0 1]"),
        ({"boundary": {"sigma": 5}}, "needs an axis, a plane"),
        ({"boundary": {**BOUNDARY, "tilt; rm -rf ~\n": 1}}, "unknown setting 'tilt; rm -rf ~"),
        ({"budget": -3}, "'budget' must be at least 1, got -3"),
        ({"budget": 0}, "'budget' must be at least 1, got 0"),
        ({"batch_size": 0}, "'batch_size' must be at least 1"),
        ({"max_concurrent": -1}, "'max_concurrent' must be at least 1"),
        ({"max_failed_fraction": 1.5}, "'max_failed_fraction' must lie between 0 and 1, got 1.5"),
        ({"max_failed_fraction": float("nan")}, "'max_failed_fraction' must lie between 0 and 1, got nan"),
        ({"strategy": {"method": "annealing"}}, "unknown search method 'annealing'"),
        ({"strategy": {"acquisition": "hope"}}, "unknown acquisition 'hope'"),
        ({"strategy": {"temperature": 1}}, "unknown setting 'temperature' of the strategy"),
        ({"space": {"translation_step": 0.1}}, "unknown setting 'translation_step' of the search space"),
        ({"space": {"thickness": "thick"}}, "a setting of the search space has the wrong type"),
        ({"space": {"max_removed": 1.5}}, "a setting of the search space has the wrong type"),
        ({"space": {"gaps": [-0.5]}}, "'gaps' of the search space is out of range"),
        ({"space": {"min_distance_ratio": 1.2}}, "'min_distance_ratio' of the search space is out of range"),
        ({"space": {"gaps": [0.0], "min_distance_ratio": 0.999}}, "in every candidate two atoms are closer"),
        ({"space": {"terminations": [9]}}, "the search space cannot be used: there is no termination 9"),
        ({"engine": None, "seed": "$(reboot)"}, "$(reboot)"),
    ],
)
def test_what_makes_no_sense_is_refused(given, sentence):
    assert sentence in refused(lambda: build(**given))


@pytest.mark.parametrize(
    ("workflow", "sentence"),
    [
        ("gbml.evaluation.oracle", "'engine.workflow' is no entry point of a work chain, got 'gbml.evaluation.oracle'"),
        ("../../etc/passwd", "'engine.workflow' is no entry point"),
        (
            "gbml.gb_search",
            "'engine.workflow' must have the interface of an evaluation, which 'gbml.gb_search' has not",
        ),
    ],
)
def test_only_evaluations_are_engines(workflow, sentence):
    def make():
        builder = build()
        builder.engine.workflow = orm.Str(workflow)
        return builder

    assert sentence in refused(make)


def test_basins_of_a_verification_are_counted_from_one():
    def make():
        builder = build()
        second = EmtEvaluationWorkChain.get_builder_from_protocol(None, None)
        return GrainBoundarySearchWorkChain.get_builder_from_protocol(
            builder.structure, BOUNDARY, second, verification=second, overrides={"verification": {"n_basins": 0}}
        )

    assert "n_basins' must be at least 1, got 0" in refused(make)


@pytest.mark.parametrize(
    ("element", "name", "sentence"),
    [
        ("Al", "Al_light.eam.alloy", "the engine cannot evaluate the crystal: the potential has no Cu, it is for Al"),
        ("Cu", "Cu;reboot.eam.alloy", "plain file name"),
        ("Cu", "$(reboot).eam.alloy", "plain file name"),
        ("Cu", "a\nshell reboot.eam.alloy", "file name"),
    ],
)
def test_potentials_that_cannot_be_used_are_refused(aiida_code_installed, element, name, sentence):
    """The element is told by the fourth line of the file."""
    code = aiida_code_installed(default_calc_job_plugin="gbml.lammps", filepath_executable="/bin/true")
    file = orm.SinglefileData(io.BytesIO(f"\n\n\n1 {element}\n".encode()), filename=name)

    def make():
        engine = LammpsEvaluationWorkChain.get_builder_from_protocol(code, None, potential_files=[file])
        return build(engine=engine)

    assert sentence in refused(make)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"space": {"geometry": "slab"}}, "the engine cannot evaluate the boundary: structure 0 has the periodicity"),
        ({"bulk": {"mode": "melt"}}, "the engine cannot evaluate the crystal: the mode is 'melt'"),
        ({"bulk": {"constraints": {"cell": "cubic"}}}, "the engine cannot evaluate the crystal: the constraint 'cell'"),
    ],
)
def test_what_the_engine_would_refuse_later_is_refused_at_once(aiida_code_installed, changes, sentence):
    """With the crystal as it would be relaxed, and with a boundary: a slab has no cell to relax along its normal."""
    code = aiida_code_installed(default_calc_job_plugin="gbml.lammps", filepath_executable="/bin/true")
    file = orm.SinglefileData(io.BytesIO(b"\n\n\n1 Cu\n"), filename="Cu.eam.alloy")

    def make():
        engine = LammpsEvaluationWorkChain.get_builder_from_protocol(code, None, potential_files=[file])
        builder = build(engine=engine, **({"space": changes["space"]} if "space" in changes else {}))
        for name, value in changes.get("bulk", {}).items():
            builder["bulk"][name] = orm.Str(value) if name == "mode" else orm.Dict(value)
        return builder

    assert sentence in refused(make)


def test_earlier_searches_are_given_by_their_evaluated_sets():
    def make():
        builder = build()
        builder.earlier = {"first": orm.Dict({})}
        return builder

    assert "StructureSetData" in refused(make)
