"""Potentials as users name them."""

from pathlib import Path

import pytest

from aiida_gbml.cli.potentials import check_potential, find, potential_arguments
from aiida_gbml.science.engines.lammps import LammpsPotentialError

pytestmark = pytest.mark.usefixtures("aiida_profile")

BUCKINGHAM = """
pair_style: buck/coul/long 10.0
pair_coeff: [Mg O 821.6 0.3242 0.0, O O 22764.0 0.149 27.88, Mg Mg 0.0 1.0 0.0]
charges: {Mg: 2.0, O: -2.0}
"""


@pytest.fixture
def setfl(tmp_path: Path) -> Path:
    path = tmp_path / "Cu_mine.eam.alloy"
    path.write_text("\n\n\n1 Cu\n")
    return path


def test_a_file_tells_its_style_by_its_suffix(setfl: Path) -> None:
    given = potential_arguments(str(setfl))
    assert given["potential"]["pair_style"] == "eam/alloy"
    assert given["potential"]["pair_coeff"] == ["* * Cu_mine.eam.alloy"]
    (node,) = given["potential_files"]
    assert node.get_content(mode="rb") == setfl.read_bytes()


def test_pair_coefficients_need_no_file(tmp_path: Path) -> None:
    path = tmp_path / "mgo.yaml"
    path.write_text(BUCKINGHAM)
    given = potential_arguments(str(path))
    assert given["potential"]["charges"] == {"Mg": 2.0, "O": -2.0}
    assert given["potential_files"] == []


def test_a_yaml_file_finds_the_files_beside_it(tmp_path: Path, setfl: Path) -> None:
    path = tmp_path / "potential.yaml"
    path.write_text(f"pair_style: eam/alloy\npair_coeff: ['* * {setfl.name}']\n")
    given = potential_arguments(str(path))
    assert [node.filename for node in given["potential_files"]] == [setfl.name]


def test_the_environment_names_a_collection(setfl: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    assert find("Cu_mine.eam.alloy") == setfl


@pytest.mark.lammps
def test_the_collection_of_lammps_is_found(lammps_potentials: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMMPS_POTENTIALS", raising=False)
    assert find("Cu_mishin1.eam.alloy").read_bytes() == (lammps_potentials / "Cu_mishin1.eam.alloy").read_bytes()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.eam.alloy", "there is no potential file 'missing.eam.alloy', neither here nor"),
        ("missing.yaml", "there is no potential file 'missing.yaml'"),
        ("copper.txt", "cannot tell the potential from the file name"),
        ("Cu;reboot.eam.alloy", "plain file name"),
        ("$(reboot).eam.alloy", "plain file name"),
        ("a b.eam.alloy", "must read"),
        ("", "cannot tell the potential"),
    ],
)
def test_what_is_no_potential_is_named(name: str, sentence: str) -> None:
    with pytest.raises(LammpsPotentialError, match=sentence):
        potential_arguments(name)


def test_an_engine_is_checked_by_its_potential(setfl: Path) -> None:
    check_potential({"potential": str(setfl)})
    check_potential({"name": "pw"})
    with pytest.raises(LammpsPotentialError, match=r"no potential file 'missing\.yaml'"):
        check_potential({"potential": "missing.yaml"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pair_style: [", "is no readable YAML"),
        ("- 1", "must hold a mapping with 'pair_style' and 'pair_coeff'"),
        ("pair_style: python", "needs 'pair_style'"),
        ("pair_style: python f\npair_coeff: ['* * a.py']", "pair style 'python' is not supported"),
        ("pair_style: sw\npair_coeff: ['* * ../../etc/passwd']", "plain file name"),
        ("pair_style: 'sw\n\n  shell reboot'\npair_coeff: ['* * Si.sw']", "no number"),
        ("pair_style: sw\npair_coeff: ['* * Si.sw']\nshell: reboot", "unknown potential setting 'shell'"),
        ("pair_style: 5\npair_coeff: 7", "pair_style"),
        ("5: 1\npair_style: sw", "unknown potential setting 5"),
    ],
)
def test_yaml_that_is_no_potential_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "potential.yaml"
    path.write_text(text)
    with pytest.raises(LammpsPotentialError, match=sentence):
        potential_arguments(str(path))
