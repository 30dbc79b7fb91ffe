"""`aiida-gbml launch spectra`, as a user types it; no program runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiida import orm
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import write
from click.testing import CliRunner
from core_hole_data import oxygen_pair

from aiida_gbml.cli.spectra import _OPTIONS, spectra
from aiida_gbml.cli.spectra_configuration import KEYS
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Invoke = Callable[..., str]


@pytest.fixture
def invoke(no_programs: None) -> Invoke:
    def call(*arguments: object, expect: int = 0) -> str:
        result = CliRunner().invoke(spectra, [str(one) for one in arguments])
        assert result.exit_code == expect, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result.output

    return call


@pytest.fixture
def refused(invoke: Invoke) -> Invoke:
    """Return a function that checks that a command ends in one sentence and stores nothing."""

    def call(*arguments: object) -> str:
        before = orm.QueryBuilder().append(orm.Node).count()
        output = invoke(*arguments, expect=1)
        assert output.startswith("Critical: ")
        assert len(output.splitlines()) == 1
        assert orm.QueryBuilder().append(orm.Node).count() == before
        return output

    return call


@pytest.fixture
def codes(aiida_code_installed: Callable[..., orm.InstalledCode]) -> list[str]:
    """Return the options for codes that run no program."""
    labels = []
    for option, plugin in (("--pw-code", "quantumespresso.pw"), ("--xspectra-code", "gbml.xspectra")):
        code: Any = aiida_code_installed(default_calc_job_plugin=plugin, filepath_executable="/bin/true")
        labels += [option, code.full_label]
    return labels


@pytest.fixture
def oxygen(tmp_path: Path) -> Path:
    """Return the file of a crystal of oxygen alone."""
    path = tmp_path / "oxygen.cif"
    write(path, bulk("O", "fcc", a=4.0))
    return path


def test_every_option_has_its_place_in_a_configuration() -> None:
    named = {parameter.name for parameter in spectra.params}
    # A group of verdi adds `verbosity` to the commands that it has run.
    others = {"files", "config", "mode", "pictures", "elements", "edges", "verbosity"}
    assert {option for option, _ in _OPTIONS} == named - others
    assert {place[0] for _, place in _OPTIONS} <= set(KEYS)


def test_a_dry_run_needs_nothing_that_is_stored(invoke: Invoke, tmp_path: Path) -> None:
    """Cells of conventional MgO and of methane, whose images are farther apart than asked for."""
    for name, atoms in (
        ("magnesia.cif", bulk("MgO", "rocksalt", a=4.212, cubic=True)),
        ("methane.xyz", molecule("CH4")),
    ):
        write(tmp_path / name, atoms)
    before = orm.QueryBuilder().append(orm.Node).count()
    paths = [tmp_path / "magnesia.cif", tmp_path / "methane.xyz"]
    output = invoke(*paths, "--element", "O", "--element", "C", "--min-distance", 5.9, "--dry-run")
    magnesia, methane = (next(line for line in output.splitlines() if line.startswith(n)) for n in ("mag", "meth"))
    assert magnesia.split("  ")[-1].strip() != ""
    assert "O K: 1 for 4 atoms" in magnesia
    assert " 16 " in magnesia
    assert "C K: 1 for 1 atoms" in methane
    assert "2 sites, 2 spectra, about" in output
    assert "O: there is no dataset of O with a full hole in 1s that has passed its checks: make it by" in output
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_a_dataset_runs_from_its_file_to_its_rows_and_is_extended(
    invoke: Invoke, codes: list[str], oxygen: Path, tmp_path: Path
) -> None:
    """The provenance reaches back to the file; options count more than the file of settings."""
    oxygen_pair()
    path = tmp_path / "spectra.yaml"
    settings = {
        "structures": ["oxygen.cif"],
        "edges": [{"element": "O", "edge": "K"}],
        "treatments": ["full"],
        "overrides": {"cell": {"min_distance": 3.0}},
        "label": "oxygen; $(reboot)\n../",
    }
    path.write_text(yaml.safe_dump(settings))
    output = invoke("--config", path, *codes, "--treatment", "none", "--treatment", "full", "--run")
    (pk,) = (int(line.split()[1]) for line in output.splitlines() if line.startswith("pk "))
    node: Any = orm.load_node(pk)
    assert node.is_finished_ok, node.exit_message
    assert node.label == settings["label"]
    (table,) = node.outputs.dataset.tables
    assert table.columns["treatment"].tolist() == ["none", "full"]
    assert table.columns["structure_label"].tolist() == ["oxygen"] * 2
    query = orm.QueryBuilder().append(orm.SinglefileData, filters={"attributes.filename": "oxygen.cif"}, tag="file")
    query.append(orm.Data, filters={"uuid": node.outputs.dataset.uuid}, with_ancestors="file")
    assert query.count() >= 1

    extended = invoke("--config", path, *codes, "--extend", pk, "--run", "--plot", tmp_path / "pictures")
    assert len(list((tmp_path / "pictures").iterdir())) > 0
    (longer,) = (int(line.split()[1]) for line in extended.splitlines() if line.startswith("pk "))
    labels = [link.link_label for link in orm.load_node(longer).base.links.get_outgoing().all()]
    assert not [label for label in labels if label.startswith("site_")]


def test_structures_come_from_nodes_and_groups(invoke: Invoke, codes: list[str]) -> None:
    oxygen_pair()
    structure = orm.StructureData(ase=Atoms("O", cell=[4.0] * 3, pbc=True)).store()
    structures = StructureSetData(StructureSet.from_ase([Atoms("O2", positions=[(0, 0, 0), (0, 0, 1.2)])])).store()
    group = orm.Group(label="oxygens").store()
    group.add_nodes([structure, structures])
    cell = ["--min-distance", 3.0, "--element", "O"]
    output = invoke(*codes, *cell, "--group", "oxygens", "--node", structure.uuid, "--dry-run")
    assert "3 sites, 3 spectra" in output
    output = invoke(*codes, *cell, "--group", "oxygens", "--run")
    assert "formulas      O O2" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "spectra of what? Give a file"),
        (["FILE"], "which spectra? Give --element"),
        (["FILE", "--edge", "K"], "--edge says nothing without --element"),
        (["FILE", "--element", "Xx", "--edge", "K"], "no structure has Xx; the elements are O"),
        (["FILE", "--element", "oxygen"], "'oxygen' is no symbol of an element"),
        (["FILE", "--element", "Mg"], "no structure has Mg; the elements are O"),
        (["FILE", "--element", "O", "--edge", "M5"], "there is no edge 'M5'"),
        (["FILE", "--element", "O", "--element", "Mg", "--edge", "K", "--edge", "L1", "--edge", "L23"], "one each"),
        (["FILE", "--element", "O", "--recipe", "Mg", "Mg_n"], "a recipe of 'Mg', but the elements are O"),
        (["FILE", "--element", "O", "--search", "999999"], "there is no node '999999'"),
        (["FILE", "--element", "O", "--node", "$(reboot)"], "there is no node '$(reboot)'"),
        (["FILE", "--element", "O", "--group", "nobody"], "there is no group 'nobody'"),
        (["FILE", "--element", "O", "--min-distance", "-3"], "positive length"),
    ],
)
def test_what_makes_no_sense_is_named_by_dry_runs_too(
    refused: Invoke, oxygen: Path, arguments: list[str], sentence: str
) -> None:
    given = [oxygen if one == "FILE" else one for one in arguments]
    assert sentence in refused(*given, "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--element", "O"], "there is no dataset of O with a full hole in 1s that has passed its checks"),
        (["--element", "O", "--recipe", "O", "O_soft"], "there is no dataset of O by the recipe O_soft with a full"),
        (["--element", "O", "--edge", "L23"], "launch core-hole-pseudos O --shell 2p"),
        (["--element", "O", "--extend", "999999"], "there is no dataset"),
        (["--element", "O", "--pw-code", "pw; rm -rf ~"], "there is no code 'pw; rm -rf ~'"),
    ],
)
def test_what_is_not_stored_is_named_with_its_remedy(
    refused: Invoke, codes: list[str], oxygen: Path, arguments: list[str], sentence: str
) -> None:
    assert sentence in refused(oxygen, *codes, *arguments, "--run")


def test_pairs_that_failed_are_taken_only_when_that_is_asked_for(
    refused: Invoke, invoke: Invoke, codes: list[str], oxygen: Path
) -> None:
    oxygen_pair(verdict="failed")
    given = [oxygen, *codes, "--element", "O", "--min-distance", 3.0, "--run"]
    assert "that has passed its checks" in refused(*given)
    assert "finished" in invoke(*given, "--accept-failed-pseudos")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("structures: [", "is no readable YAML"),
        ("crystal: a.cif", "has the unknown key 'crystal'"),
        ("structures: oxygen.cif", "'structures' in"),
        ("overrides: [1]", "'overrides' in"),
        ("recipes: O_soft", "'recipes' in"),
        ("structures: [nowhere.cif]", "cannot open the crystal"),
        ("overrides: {min_distance: 3}", "there is no setting 'min_distance'"),
    ],
)
def test_mistakes_in_a_configuration_are_named(refused: Invoke, oxygen: Path, text: str, sentence: str) -> None:
    path = oxygen.parent / "spectra.yaml"
    path.write_text(text)
    given = [] if "nowhere" in text else [oxygen]
    assert sentence in refused(*given, "--element", "O", "--config", path, "--dry-run")


def test_without_a_daemon_nothing_is_stored(refused: Invoke, codes: list[str], oxygen: Path) -> None:
    assert "or use --run" in refused(oxygen, *codes, "--element", "O", "--daemon")
