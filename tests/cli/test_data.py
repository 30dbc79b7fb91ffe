"""`verdi data gbml.*`, as a user types it."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.cmdline.commands.cmd_verdi import verdi
from ase.build import bulk
from ase.io import read
from click.testing import CliRunner, Result

from aiida_gbml.data.interface import InterfaceData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Invoke = Callable[..., Result]

COPPER: dict[str, Any] = {
    "sigma": 5,
    "type": "symmetric tilt",
    "rotation_axis": [0, 0, 1],
    "gb_plane": [2, 1, 0],
    "rotation_angle": 53.1301,
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
}
ALUMINIUM = {**COPPER, "pretty_formula": "Al", "elements": ["Al"], "gb_energy": 0.5, "gb_plane": [0, -1, 3]}


@pytest.fixture
def data() -> Invoke:
    def invoke(*arguments: object, expect: int = 0) -> Result:
        result = CliRunner().invoke(verdi, ["data", *map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == expect, result.output
        return result

    return invoke


@pytest.fixture
def boundaries() -> list[InterfaceData]:
    return [InterfaceData(fields).store() for fields in (COPPER, ALUMINIUM)]


@pytest.fixture
def stored_set() -> StructureSetData:
    structures = StructureSet.from_ase(
        [bulk("Cu"), bulk("Cu", cubic=True)], energy=[-3.5, float("nan")], status=["ok", "failed"]
    )
    return StructureSetData(structures, label="candidates").store()


def test_boundaries_are_listed_with_filters(data: Invoke, boundaries: list[InterfaceData]) -> None:
    everything = data("gbml.interface", "list").output
    assert everything.index("0.5000") < everything.index("0.9510")
    assert "[001]" in everything
    assert "(0 -1 3)" in everything
    assert "2 found" in everything
    copper = data("gbml.interface", "list", "--element", "Cu", "--sigma", 5).output
    assert "(210)" in copper
    assert "1 found" in copper
    assert "0.9510" not in data("gbml.interface", "list", "--max-energy", 0.9).output
    assert "nothing fits" in data("gbml.interface", "list", "--type", "twist").output
    assert len(data("gbml.interface", "list", "--raw", "--limit", 1).output.splitlines()) == 1


def test_a_boundary_is_shown_with_units(data: Invoke, boundaries: list[InterfaceData]) -> None:
    output = data("gbml.interface", "show", boundaries[0].pk).output
    assert "0.951 J/m²" in output
    assert "53.1301 °" in output


def test_another_node_is_refused(data: Invoke, stored_set: StructureSetData) -> None:
    result = data("gbml.interface", "show", stored_set.pk, expect=2)
    assert "Invalid value" in result.output


def test_boundaries_are_exported(data: Invoke, boundaries: list[InterfaceData], tmp_path: Path) -> None:
    documents = json.loads(data("gbml.interface", "export").output)
    assert documents == [{"uuid": node.uuid, **node.get_dict()} for node in reversed(boundaries)]
    path = tmp_path / "boundaries.csv"
    data("gbml.interface", "export", "--element", "Cu", "-F", "csv", "-o", path)
    (row,) = csv.DictReader(io.StringIO(path.read_text()))
    assert (row["gb_plane"], row["gb_energy"]) == ("2 1 0", "0.951")
    assert "exists already" in data("gbml.interface", "export", "-o", path, expect=1).output
    away = path.parent / "away" / path.name
    assert f"there is no folder '{away.parent}'" in data("gbml.interface", "export", "-o", away, expect=1).output


def test_sets_are_listed_and_shown(data: Invoke, stored_set: StructureSetData) -> None:
    assert "candidates" in data("gbml.structures", "list", "--element", "Cu").output
    assert "nothing fits" in data("gbml.structures", "list", "--element", "Al").output
    output = data("gbml.structures", "show", stored_set.pk).output
    assert "-3.500000" in output
    assert "Cu4" in output
    assert "failed" in output


def test_sets_are_exported(data: Invoke, stored_set: StructureSetData) -> None:
    frames = read(io.StringIO(data("gbml.structures", "export", stored_set.pk).output), index=":", format="extxyz")
    assert [len(frame) for frame in frames] == [1, 4]
    assert frames[0].get_potential_energy() == -3.5
    plain = json.loads(data("gbml.structures", "export", stored_set.pk, "-F", "json").output)
    assert [row["energy"] for row in plain] == [-3.5, None]


def test_the_commands_are_quick_to_import() -> None:
    heavy = "{'torch', 'sklearn', 'pymatgen', 'scipy', 'ase', 'matplotlib'}"
    program = f"import sys, aiida_gbml.cli.data; print(sorted({heavy} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_nodes_of_aiida_itself_are_refused(data: Invoke) -> None:
    assert "Invalid value" in data("gbml.structures", "export", orm.Dict({"a": 1}).store().pk, expect=2).output
