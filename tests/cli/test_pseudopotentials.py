"""The pseudopotential family and its cutoffs."""

import json
from pathlib import Path

import pytest
from aiida import orm

from aiida_gbml.cli import pseudopotentials
from aiida_gbml.cli.pseudopotentials import ensure_family, load_family, read_cutoffs

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

UPF = '<UPF version="2.0.1"><PP_HEADER element="{element}" z_valence="3.0"/></UPF>\n'
CUTOFFS = {"Al": {"cutoff_wfc": 30.0, "cutoff_rho": 240.0}, "O": {"cutoff_wfc": 50.0, "cutoff_rho": 400.0}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of two pseudopotentials."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for element in CUTOFFS:
        (folder / f"{element}.upf").write_text(UPF.format(element=element))
    return folder


def test_a_family_is_made_of_a_folder(folder: Path) -> None:
    finding = ensure_family(None, folder, CUTOFFS)
    assert (finding.status, finding.text) == ("made", "family 'mine' with Al O")
    family = load_family("mine")
    assert family is not None
    assert family.get_recommended_cutoffs(elements=("Al", "O"), unit="Ry") == (50, 400)
    assert ensure_family(None, None, None).status == "ok"


def test_one_pair_of_cutoffs_serves_all_elements(folder: Path) -> None:
    ensure_family("label", folder, (40.0, 320.0))
    family = load_family("label")
    assert family is not None
    assert family.get_recommended_cutoffs(elements=("Al",), unit="Ry") == (40, 320)


def test_cutoffs_can_be_given_later(folder: Path) -> None:
    finding = ensure_family(None, folder, None)
    assert finding.status == "warning"
    assert "--pseudo-label mine" in finding.remedy
    assert ensure_family("mine", None, CUTOFFS).status == "made"


def test_cutoffs_of_other_elements_are_refused_and_nothing_is_kept(folder: Path) -> None:
    with pytest.raises(ValueError, match="Al"):
        ensure_family(None, folder, {"O": CUTOFFS["O"]})
    assert load_family("mine") is None


def test_a_folder_with_two_files_of_an_element_is_refused(folder: Path) -> None:
    (folder / "Al_other.upf").write_text(UPF.format(element="Al") + " ")
    with pytest.raises(ValueError, match="duplicate elements"):
        ensure_family(None, folder, CUTOFFS)
    assert load_family("mine") is None


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="no pseudopotential family 'nothing'"):
        ensure_family("nothing", None, None)


def test_the_distribution_gives_a_test_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Al.pz-vbc.UPF").write_text(UPF.format(element="Al"))
    (tmp_path / "notes.txt").write_text("no pseudopotential")
    monkeypatch.setattr(pseudopotentials, "_DISTRIBUTION", tmp_path)
    finding = ensure_family(None, None, None)
    assert finding.status == "made"
    assert "test quality" in finding.text
    family = load_family(pseudopotentials.TEST_FAMILY)
    assert family is not None
    cutoff_wfc, cutoff_rho = family.get_recommended_cutoffs(elements="Al", unit="Ry")
    assert cutoff_rho == 4 * cutoff_wfc  # exact for norm-conserving files: the density is a product of two waves


def test_without_any_files_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudopotentials, "_DISTRIBUTION", tmp_path)
    finding = ensure_family(None, None, None)
    assert finding.status == "warning"
    assert "--pseudo-dir" in finding.remedy
    assert orm.QueryBuilder().append(orm.UpfFamily).count() == 0


@pytest.mark.parametrize("content", ["{", "[]", '{"Al": 30}', '"Al"'])
def test_a_wrong_cutoffs_file_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "cutoffs.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"cutoffs\.json"):
        read_cutoffs(file)


def test_cutoffs_are_read(tmp_path: Path) -> None:
    file = tmp_path / "cutoffs.json"
    file.write_text(json.dumps(CUTOFFS))
    assert read_cutoffs(file) == CUTOFFS
