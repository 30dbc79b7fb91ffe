"""Cells and meshes that grow, with programs that only pretend."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.engine import run_get_node
from core_hole_data import oxygen_pair, oxygen_structure, upf_node
from pretended_programs import PretendedConvergence

from aiida_gbml.workflows.spectra.convergence import CoreHoleConvergenceWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def steps(*counts: int) -> list[dict[str, float]]:
    """Return steps in one cell, 4.2 Å wide, with so many k-points along each axis of the spectrum."""
    spacing = 2 * 3.14159265 / 4.2
    one = {"min_distance": 4.0, "kpoints_distance": 3.0}
    return [{**one, "spectrum_kpoints_distance": 1.01 * spacing / count} for count in counts]


@pytest.fixture
def builder(serial_code: Any) -> Any:
    """Return the builder of a test of which the steps are missing."""
    return PretendedConvergence.get_builder_from_protocol(
        serial_code("quantumespresso.pw", "/bin/true"),
        serial_code("gbml.xspectra", "/bin/true"),
        oxygen_structure("Mg", "O"),
        1,
        pairs={"full": oxygen_pair()},
        pseudos={"Mg": upf_node("Mg", 2)},
    )


def test_steps_end_when_the_spectrum_moves_no_more(builder: Any) -> None:
    # The peak lies at 1 eV over the number of k-points; it is exp(-x²), whose steepest slope is 0.86/eV.
    builder.steps = orm.List(steps(1, 1, 10, 14, 30))
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    history = outputs["history"].get_dict()
    assert history["converged"]
    assert [step["spectrum_kpoints"] for step in history["steps"]] == [[1] * 3, [10] * 3, [14] * 3]
    changes = [step.get("spectral_change") for step in history["steps"]]
    assert changes[0] is None
    assert changes[1] == pytest.approx(0.686, abs=0.05)  # of the largest exp(-x²) - exp(-(x-0.9)²)
    assert changes[2] == pytest.approx(0.86 * (1 / 10 - 1 / 14), rel=0.2)
    assert history["steps"][2]["energy_change"] == 0.0
    assert set(outputs["steps"]) == {"step_0", "step_1", "step_2"}
    assert outputs["spectra"]["full"].uuid == outputs["steps"]["step_2"]["full"].uuid


def test_steps_that_do_not_suffice_end_with_a_caveat(builder: Any) -> None:
    builder.steps = orm.List(steps(1, 2))
    outputs, node = run_get_node(builder)
    assert node.exit_status == 501
    assert "the spectrum changed by" in node.exit_message
    assert not outputs["history"]["converged"]
    assert "full" in outputs["spectra"]


def test_a_step_that_fails_is_named(builder: Any) -> None:
    parameters = builder.spectrum.pw.pw.parameters.get_dict()
    builder.spectrum.pw.pw.parameters = orm.Dict({**parameters, "CONTROL": {"title": "full"}})
    builder.steps = orm.List(steps(1, 2))
    _, node = run_get_node(builder)
    assert node.exit_status == 410
    assert node.exit_message.startswith("Step 0 gave no spectrum")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (steps(1), "two steps or more"),
        ([{"min_distance": 5.0}] * 2, "a step has `kpoints_distance`"),
        ([{**steps(1)[0], "cutoff": 30.0}] * 2, "no setting 'cutoff'"),
        ([{**steps(1)[0], "kpoints_distance": -1.0}] * 2, "must be positive"),
    ],
)
def test_impossible_steps_are_refused(given: Any, words: str) -> None:
    port = CoreHoleConvergenceWorkChain.spec().inputs["steps"]
    assert words in str(port.validate(orm.List(given)))
