"""Summaries of searches: what may be stored, and that one query finds it."""

from typing import Any

import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.interface import InterfaceData

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def summary(**changes: Any) -> dict[str, Any]:
    return {
        "sigma": 5,
        "type": "symmetric tilt",
        "rotation_axis": [0, 0, 1],
        "gb_plane": [2, 1, 0],
        "rotation_angle": 53.13,
        "gb_energy": 0.951,
        "excess_volume": 0.3,
        "pretty_formula": "Cu",
        "elements": ["Cu"],
        "n_evaluated": 20,
        "n_candidates": 180,
        "n_failed": 1,
        "engine": "lammps",
        "level_of_theory": "Cu_mishin1.eam.alloy",
        "structure_uuid": "3c7b6f4e-0000-4000-8000-000000000000",
        **changes,
    }


def test_a_complete_summary_is_stored() -> None:
    node = orm.load_node(InterfaceData(summary(termination=0)).store().pk)
    assert node.get_dict() == summary(termination=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma": "5"}, "'sigma' must be of the type int, got '5'"),
        ({"sigma": True}, "'sigma' must be of the type int, got True"),
        ({"sigma": 0}, "'sigma' must be at least 1"),
        ({"gb_plane": [2, 1]}, "'gb_plane' must be three integers"),
        ({"rotation_axis": [0, 0, 0.5]}, "'rotation_axis' must be three integers"),
        ({"n_failed": 21}, "'n_failed' .21. must lie between"),
        ({"gb_energy": float("nan")}, "not finite|nan"),
        ({"origin": {"x": 1}}, "'origin' must be a number, a text or a list of these"),
        ({"origin": [[1]]}, "'origin' must be a number, a text or a list of these"),
        ({"origin": None}, "'origin' must be a number"),
    ],
)
def test_a_wrong_summary_is_named_and_not_stored(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        InterfaceData(summary(**changes)).store()
    assert orm.QueryBuilder().append(InterfaceData).count() == 0


def test_missing_fields_are_named() -> None:
    with pytest.raises(ValidationError, match="lacks gb_energy, engine"):
        InterfaceData({k: v for k, v in summary().items() if k not in ("gb_energy", "engine")}).store()


@pytest.fixture
def stored() -> dict[str, InterfaceData]:
    nodes = {
        "copper tilt": InterfaceData(summary()),
        "copper twist": InterfaceData(summary(type="twist", gb_energy=0.8)),
        "magnesia": InterfaceData(summary(elements=["Mg", "O"], pretty_formula="MgO", gb_energy=1.9)),
        "aluminium": InterfaceData(summary(elements=["Al"], pretty_formula="Al", sigma=13, gb_energy=0.45)),
        "asymmetric": InterfaceData(summary(type="asymmetric tilt", gb_energy=0.99)),
    }
    for node in nodes.values():
        node.store()
    return nodes


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["aluminium", "copper twist", "copper tilt", "asymmetric", "magnesia"]),
        ({"sigma": 13}, ["aluminium"]),
        ({"element": "O"}, ["magnesia"]),
        ({"element": "M"}, []),
        ({"max_energy": 0.96, "sigma": 5}, ["copper twist", "copper tilt"]),
        ({"boundary_type": "tilt", "element": "Cu"}, ["copper tilt", "asymmetric"]),
        ({"boundary_type": "symmetric tilt", "element": "Cu"}, ["copper tilt"]),
        ({"boundary_type": "twist"}, ["copper twist"]),
    ],
)
def test_one_query_finds_them(stored: dict[str, InterfaceData], filters: dict[str, Any], names: list[str]) -> None:
    assert InterfaceData.query(**filters).all(flat=True) == [stored[name] for name in names]
