"""Ground states that fit a site, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.engine import calcfunction
from core_hole_data import FULL, band_node, upf_node

from aiida_gbml.workflows.spectra.given_ground_state import difference

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


@calcfunction
def compute(parameters: orm.Dict, kpoints: orm.KpointsData, **pseudos: Any) -> dict[str, orm.Data]:
    """Return what a calculation leaves behind."""
    return {
        "remote_folder": orm.RemoteData(computer=orm.load_computer("localhost"), remote_path="/nowhere"),
        "output_parameters": orm.Dict({"energy": -1.0}),
        "output_band": band_node(FULL, 1),
    }


def mesh(count: int) -> orm.KpointsData:
    node = orm.KpointsData()
    node.set_kpoints_mesh([count] * 3)
    return node


def told(computed: Any, ecutwfc: float = 40.0, count: int = 2, element: str = "O") -> str | None:
    """Return what is said about a ground state of a site."""
    parameters = orm.Dict({"SYSTEM": {"ecutwfc": ecutwfc, "nbnd": 9}, "ELECTRONS": {"mixing_beta": 0.2}})
    return difference(computed, parameters, mesh(count), {"O1": upf_node(element, 6).md5})


@pytest.fixture
def ground(aiida_localhost: orm.Computer) -> dict[str, orm.Data]:
    """Return a ground state, whose handlers added bands and mixed otherwise."""
    parameters = orm.Dict({"SYSTEM": {"ecutwfc": 40.0, "nbnd": 12}, "ELECTRONS": {"mixing_beta": 0.4}})
    found: dict[str, orm.Data] = compute(parameters, mesh(2), pseudos={"O1": upf_node("O", 6)})
    return found


def test_what_handlers_change_is_no_difference(ground: dict[str, orm.Data]) -> None:
    assert told(ground) is None


def test_each_difference_is_named(ground: dict[str, orm.Data]) -> None:
    assert str(told(ground, ecutwfc=50.0)).endswith("with other parameters in SYSTEM")
    assert str(told(ground, count=3)).endswith("with other k-points")
    assert str(told(ground, element="F")).endswith("with other pseudopotentials")
    assert "SYSTEM and other k-points" in str(told(ground, ecutwfc=50.0, count=3))


def test_results_of_several_calculations_are_refused(ground: dict[str, orm.Data]) -> None:
    loose = orm.Dict({"energy": -2.0}).store()
    assert "not those of one calculation" in str(told({**ground, "output_parameters": loose}))
