"""Tests of aiida_gbml.cli.verification_configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from ase.io import write
from titanates import POTENTIAL, oxides, perovskite

from aiida_gbml.cli.verification_configuration import find_verification
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.lammps


@pytest.fixture
def settings(tmp_path: Path, lammps_code: orm.InstalledCode) -> dict[str, Any]:
    """Return settings with a prototype from a file and competing phases from a file and a node."""
    write(tmp_path / "perovskite.cif", perovskite())
    write(tmp_path / "rutile.cif", oxides()[4])
    node = StructureSetData(StructureSet.from_ase(oxides()[:4])).store()
    return {
        "prototypes": [str(tmp_path / "perovskite.cif")],
        "competing": [str(tmp_path / "rutile.cif"), node.pk],
        "engine": {"name": "lammps", "code": lammps_code.full_label, "potential": POTENTIAL},
        "settings": {"n_compositions": 2},
    }


def test_files_and_nodes_become_structures(settings: dict[str, Any]) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    found = find_verification({"verification": settings, "protocol": "fast"})
    assert found is not None
    assert orm.QueryBuilder().append(orm.Node).count() == before
    builder: Any = found.builder
    assert len(builder.prototypes) == 1
    assert len(builder.competing) == 5
    assert builder.settings.get_dict() == {"n_compositions": 2, "n_prototypes": 1, "tolerance": 0.0}
    assert builder.engine.workflow.value == "gbml.evaluation.lammps"
    assert builder.engine.constraints["cell"] == "free"
    assert found.structures["competing"].store().is_stored


def test_no_verification_is_wanted() -> None:
    assert find_verification({}) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prototypes": []}, "the verification needs 'prototypes'"),
        ({"prototypes": ["absent.cif"]}, "there is no node 'absent.cif'"),
        ({"colour": "red"}, "the verification has the unknown key 'colour'"),
        ({"engine": {"name": "oracle"}}, "there is no engine 'oracle'"),
    ],
)
def test_what_is_not_there(settings: dict[str, Any], changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        find_verification({"verification": {**settings, **changes}})
