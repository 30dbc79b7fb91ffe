"""`aiida-gbml launch gb-search`, as a user types it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiida import orm
from ase.build import bulk
from ase.io import write
from click.testing import CliRunner

from aiida_gbml.cli.launch import _OPTIONS, gb_search

pytestmark = pytest.mark.usefixtures("aiida_profile")

Invoke = Callable[..., str]
BOUNDARY = ["--sigma", "5", "--axis", "0", "0", "1", "--plane", "2", "1", "0"]
SPACE = {"thickness": 5.0, "translation_spacing": 0.8}


def count() -> int:
    return orm.QueryBuilder().append(orm.Node).count()


def shown(output: str) -> orm.WorkChainNode:
    """Return the search of whose pk a command speaks."""
    (pk,) = re.findall(r"look at it with `aiida-gbml show (\d+)`", output)
    return orm.load_node(int(pk))


@pytest.fixture
def invoke() -> Invoke:
    def call(*arguments: object, expect: int = 0) -> str:
        result = CliRunner().invoke(gb_search, [str(one) for one in arguments])
        assert result.exit_code == expect, result.output
        assert "Traceback" not in result.output
        return result.output

    return call


@pytest.fixture
def refused(invoke: Invoke) -> Invoke:
    """Return a function that checks that a command ends in one sentence and stores nothing."""

    def call(*arguments: object) -> str:
        before = count()
        output = invoke(*arguments, expect=1)
        assert output.startswith("Critical: ")
        assert len(output.splitlines()) == 1
        assert count() == before
        return output

    return call


@pytest.fixture
def engine(engine_code: str) -> list[str]:
    return ["--engine", "gbml.evaluation.emt", "--code", engine_code]


@pytest.fixture
def lammps(aiida_code_installed: Callable[..., orm.InstalledCode]) -> list[str]:
    code: Any = aiida_code_installed(default_calc_job_plugin="gbml.lammps", filepath_executable="/bin/true")
    return ["--engine", "lammps", "--code", code.full_label]


def test_every_option_has_its_place_in_a_configuration() -> None:
    named = {parameter.name for parameter in gb_search.params} - {"crystal", "config", "mode", "pictures"}
    named.discard("verbosity")  # which a group of verdi adds to the commands that it has run
    assert {option for option, _ in _OPTIONS} == named


def test_a_dry_run_counts_candidates_and_makes_nothing(invoke: Invoke, copper_cif: Path) -> None:
    before = count()
    output = invoke(copper_cif, *BOUNDARY, "--engine", "pw", "--budget", 12, "--spacing", 0.5, "--dry-run")
    assert "sigma 5 (2 1 0) [0 0 1] symmetric tilt" in output
    assert "before the reduction by symmetry" in output
    assert "pw: up to 12 relaxations, about" in output
    assert count() == before


def test_options_count_more_than_the_file(invoke: Invoke, copper_cif: Path, tmp_path: Path) -> None:
    path = tmp_path / "search.yaml"
    boundary = {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]}
    path.write_text(yaml.safe_dump({"crystal": "copper.cif", "boundary": boundary, "overrides": {"budget": 3}}))
    assert "(2 1 0)" in invoke("--config", path, "--dry-run")
    assert "(3 1 0)" in invoke("--config", path, "--plane", 3, 1, 0, "--dry-run")
    with_engine = invoke("--config", path, "--engine", "pw", "--budget", 7, "--dry-run")
    assert "pw: up to 7 relaxations" in with_engine


def test_a_search_runs_from_its_file_to_its_energy(
    invoke: Invoke, copper_cif: Path, engine_code: str, tmp_path: Path
) -> None:
    """The whole provenance of the energy: back to the file that the user gave; then more of the same search."""
    path = tmp_path / "search.yaml"
    settings: dict[str, Any] = {
        "crystal": "copper.cif",
        "boundary": {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]},
        "engine": {"name": "gbml.evaluation.emt", "code": engine_code},
        "overrides": {"space": SPACE, "budget": 3},
        "label": "copper; $(reboot)\n../",
    }
    path.write_text(yaml.safe_dump(settings))
    output = invoke("--config", path, "--run")
    node = shown(output)
    pk = node.pk
    assert node.is_finished_ok
    assert node.label == "copper; $(reboot)\n../"
    query = orm.QueryBuilder().append(orm.SinglefileData, tag="file", project="*")
    query.append(orm.Data, filters={"uuid": node.outputs.interface.uuid}, with_ancestors="file")
    (file,) = {found.uuid: found for found in query.all(flat=True)}.values()
    assert file.get_content(mode="rb") == copper_cif.read_bytes()

    extended = invoke("--config", path, "--run", "--extend", pk, "--budget", 5)
    longer = shown(extended)
    assert longer.inputs.earlier[f"search_{pk}"].uuid == node.outputs.evaluated.uuid
    assert longer.outputs.interface["n_evaluated"] == 5


def test_a_search_that_fails_says_why(invoke: Invoke, copper_cif: Path, engine_code: str, tmp_path: Path) -> None:
    """The engine of this file refuses even the crystal."""
    path = tmp_path / "search.yaml"
    engine = {"name": "gbml.evaluation.emt", "code": engine_code, "least_distance": 3.0}
    path.write_text(yaml.safe_dump({"engine": engine, "overrides": {"space": SPACE}}))
    output = invoke(copper_cif, *BOUNDARY, "--config", path, "--run", expect=1)
    assert "ended with [410] The engine gbml.evaluation.emt gave no energy of the perfect crystal" in output


def test_without_a_daemon_nothing_is_stored(refused: Invoke, copper_cif: Path, engine: list[str]) -> None:
    assert "or use --run" in refused(copper_cif, *BOUNDARY, *engine, "--daemon")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"data_\n_cell_length_a nonsense\n", "is no readable structure"),
        (b"\xff\xfe", "is no text in UTF-8"),
        (b"", "is no readable structure"),
    ],
)
def test_a_file_that_is_no_crystal_is_named(
    refused: Invoke, tmp_path: Path, engine: list[str], content: bytes, sentence: str
) -> None:
    path = tmp_path / "broken; $(reboot).cif"
    path.write_bytes(content)
    for mode in ("--run", "--dry-run"):
        assert f"'broken; $(reboot).cif' {sentence}" in refused(path, *BOUNDARY, *engine, mode)


def test_a_disordered_crystal_is_named(refused: Invoke, tmp_path: Path, engine: list[str]) -> None:
    buffer = io.BytesIO()
    write(buffer, bulk("Cu", cubic=True), format="cif")
    path = tmp_path / "alloy.cif"
    path.write_bytes(buffer.getvalue().replace(b"1.0000", b"0.5000"))
    assert "'alloy.cif' has partly occupied sites" in refused(path, *BOUNDARY, *engine, "--run")


def test_a_hexagonal_crystal_is_named(refused: Invoke, tmp_path: Path, engine: list[str]) -> None:
    path = tmp_path / "magnesium.cif"
    write(path, bulk("Mg"))
    for mode in ("--run", "--dry-run"):
        assert "is not cubic" in refused(path, *BOUNDARY, *engine, mode)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--sigma", "4"], "there is no sigma 4 boundary"),
        (["--sigma", "-5"], "sigma"),
        (["--plane", "1", "1", "1"], "neither holds the axis"),
        (["--plane", "0", "0", "0"], "not all zero"),
        (["--angle", "53.13"], "either a sigma or an angle"),
        (["--spacing", "-1"], "'translation_spacing'"),
        (["--max-removed", "-1"], "'max_removed'"),
    ],
)
def test_boundaries_and_spaces_that_do_not_exist_are_named(
    refused: Invoke, copper_cif: Path, engine: list[str], options: list[str], sentence: str
) -> None:
    for mode in ("--run", "--dry-run"):
        assert sentence in refused(copper_cif, *BOUNDARY, *options, *engine, mode)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--budget", "-3"], "'budget' must be at least 1, got -3"),
        (["--batch-size", "0"], "'batch_size' must be at least 1"),
        (["--acquisition", "hope"], "unknown acquisition 'hope'"),
        (["--code", "lmp; rm -rf ~"], "there is no code 'lmp; rm -rf ~'"),
        (["--code", "../../bin/sh"], "there is no code '../../bin/sh'"),
        (["--engine", "oracle"], "there is no engine 'oracle', known are lammps, pw"),
        (["--engine", "$(reboot)"], "there is no engine '$(reboot)'"),
        (["--extend", "999999"], "there is no search 999999"),
        (["--verify", "oracle"], "there is no engine 'oracle'"),
    ],
)
def test_what_a_search_cannot_use_is_named(
    refused: Invoke, copper_cif: Path, engine: list[str], options: list[str], sentence: str
) -> None:
    assert sentence in refused(copper_cif, *BOUNDARY, *engine, *options, "--run")


def test_only_searches_are_extended(refused: Invoke, copper_cif: Path, engine: list[str]) -> None:
    pk = orm.Dict({}).store().pk
    output = refused(copper_cif, *BOUNDARY, *engine, "--extend", pk, "--run")
    assert f"process {pk} has no evaluated structures to start from" in output


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("Al_light.eam.alloy", "\n\n\n1 Al\n", "the engine cannot evaluate the crystal: the potential has no Cu"),
        ("light.eam.alloy", "nothing", "no line 4"),
        ("Cu;reboot.eam.alloy", "\n\n\n1 Cu\n", "plain file name"),
        ("$(reboot).eam.alloy", "\n\n\n1 Cu\n", "plain file name"),
        ("light.txt", "\n\n\n1 Cu\n", "cannot tell the potential from the file name 'light.txt'"),
        ("missing.eam.alloy", None, "there is no potential file"),
    ],
)
def test_potentials_that_cannot_be_used_are_named(
    refused: Invoke, copper_cif: Path, lammps: list[str], *, name: str, content: str | None, sentence: str
) -> None:
    path = copper_cif.parent / name
    if content is not None:
        path.write_text(content)
    assert sentence in refused(copper_cif, *BOUNDARY, *lammps, "--potential", path, "--run")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("crystal: [", "is no readable YAML"),
        ("crystals: copper.cif", "has the unknown key 'crystals'"),
        ("engine: lammps", "'engine' in"),
        ("crystal: nowhere.cif", "cannot open the crystal"),
        ("overrides: {bugdet: 3}", "there is no setting 'bugdet'"),
        ("overrides: {batch_size: 0}", "'batch_size' must be at least 1, got 0"),
        ("overrides: {engine: {mode: guess}}", "the mode is 'guess'"),
        ("overrides: {space: {gap: 0.3}}", "unknown setting 'gap' of the search space"),
        ("overrides: {space: {gaps: [0.0], min_distance_ratio: 0.999}}", "two atoms are closer than 0.999 bonds"),
    ],
)
def test_mistakes_in_a_configuration_are_named(
    refused: Invoke, copper_cif: Path, engine: list[str], text: str, sentence: str
) -> None:
    path = copper_cif.parent / "search.yaml"
    path.write_text(text)
    given = [] if text.startswith("crystal:") else [copper_cif]
    for mode in ("--run", "--dry-run"):
        assert sentence in refused(*given, *BOUNDARY, *engine, "--config", path, mode)


def test_a_crystal_has_to_be_given(refused: Invoke, engine: list[str]) -> None:
    assert "which crystal? Give a file, such as copper.cif" in refused(*BOUNDARY, *engine, "--run")
