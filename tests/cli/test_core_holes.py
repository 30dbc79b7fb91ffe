"""`aiida-gbml launch core-hole-pseudos` and `verdi data gbml.core_hole_pair`, as a user types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.cmdline.commands.cmd_verdi import verdi
from click.testing import CliRunner
from core_hole_data import CORE_TERM, oxygen_pair, upf

from aiida_gbml.cli import foreground
from aiida_gbml.cli.core_holes import core_hole_pseudos

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Invoke = Callable[..., str]
Store = Callable[..., orm.WorkChainNode]


def count() -> int:
    return orm.QueryBuilder().append(orm.Node).count()


@pytest.fixture
def invoke() -> Invoke:
    def call(*arguments: object, expect: int = 0) -> str:
        result = CliRunner().invoke(core_hole_pseudos, [str(one) for one in arguments])
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
def codes(aiida_code_installed: Callable[..., orm.InstalledCode]) -> list[str]:
    """Return the options that name codes which run nothing."""
    pw = aiida_code_installed(default_calc_job_plugin="quantumespresso.pw", label="pw", filepath_executable="/bin/true")
    ld1 = aiida_code_installed(default_calc_job_plugin="gbml.ld1", label="ld1", filepath_executable="/bin/true")
    return ["--pw-code", str(pw.full_label), "--ld1-code", str(ld1.full_label)]


@pytest.fixture
def data() -> Invoke:
    def call(*arguments: object, expect: int = 0) -> str:
        result = CliRunner().invoke(verdi, ["data", "gbml.core_hole_pair", *map(str, arguments)])
        assert result.exit_code == expect, result.output
        return result.output

    return call


def test_a_dry_run_says_what_would_be_made(invoke: Invoke, stored_set: Store) -> None:
    node = stored_set("O")
    before = count()
    output = invoke("O", "Mg_n", "--dry-run")
    assert str(node.pk) in output
    assert "rocksalt 4.212 Å" in output
    assert count() == before


def test_what_is_stored_is_not_made_again(invoke: Invoke, stored_set: Store) -> None:
    stored_set("O")
    before = count()
    output = invoke("O", "--run")
    assert "O is stored already and has passed; --again makes it anew" in output
    assert "passed" in output.splitlines()[-1]
    assert count() == before


def test_what_is_not_stored_runs_here(
    invoke: Invoke, stored_set: Store, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_set("O")
    ran = []

    def run(builder: Any, **words: str) -> orm.WorkChainNode:
        ran.append((builder.recipe["name"], sorted(builder.partner_recipes), words))
        return stored_set(builder.recipe["name"])

    monkeypatch.setattr(foreground, "run", run)
    output = invoke("O", "N", "--run", *codes)
    assert ran == [("N", ["Al"], {"noun": "datasets of N,", "unit": "run"})]
    assert [line.split()[0] for line in output.splitlines()[3:]] == ["O", "O", "N", "N"]
    invoke("O", "N", "--run", "--again", *codes)
    assert [name for name, *_ in ran] == ["N", "O", "N"]


def test_a_set_that_failed_ends_with_an_error(
    invoke: Invoke, stored_set: Store, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = stored_set("O", exit_status=511, problems=["the lattice is off"])
    monkeypatch.setattr(foreground, "run", lambda *_, **__: failed)
    output = invoke("O", "--run", *codes, expect=1)
    assert "O full: the lattice is off" in output
    assert f"not all is well with O: look at `aiida-gbml explain {failed.pk}`" in output


def test_a_users_pair_is_taken_from_its_files(
    invoke: Invoke, codes: list[str], stored_set: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, valence in (("ground", 6.0), ("full", 7.0)):
        (tmp_path / f"{name}.UPF").write_bytes(upf("O", valence))
    builders = []

    def run(builder: Any, **_: str) -> orm.WorkChainNode:
        builders.append(builder)
        return stored_set("O")

    monkeypatch.setattr(foreground, "run", run)
    stored_set("O")  # which a user's own files do not care for
    invoke("--ground", tmp_path / "ground.UPF", "--hole", tmp_path / "full.UPF", "--run", *codes)
    (builder,) = builders
    assert builder.ground.get_content(mode="rb") == upf("O", 6.0)
    assert set(builder.holes) == {"full"}
    assert builder.recipe["name"] == "O"


def test_what_cannot_be_meant_is_refused(refused: Invoke, tmp_path: Path, codes: list[str]) -> None:
    (tmp_path / "hole.UPF").write_bytes(upf("O", 7.0))
    (tmp_path / "bad.UPF").write_bytes(b"UPF")
    assert "name an element or a recipe" in refused("--run")
    assert "there is no recipe for a 1s hole in 'Uuo'" in refused("Uuo", "--run", *codes)
    assert "there is no recipe for a 2p hole in 'C'" in refused("C", "--shell", "2p", "--run", *codes)
    assert "give it with --ground" in refused("--hole", tmp_path / "hole.UPF", "--run")
    assert "give one name with --ground" in refused("O", "N", "--ground", tmp_path / "hole.UPF", "--run")
    assert "bad.UPF' cannot be used" in refused("--ground", tmp_path / "bad.UPF", "--run")
    assert "no broker to reach a daemon" in refused("O", *codes)


def test_a_code_that_is_missing_is_named(refused: Invoke) -> None:
    assert "there is no code 'pw'; `aiida-gbml setup` makes those on PATH" in refused("O", "--run")


def test_pairs_are_listed_and_shown(data: Invoke) -> None:
    full, half = oxygen_pair("full", recipe="O"), oxygen_pair("half", verdict="failed", problems=["it is off"])
    rows = data("list").splitlines()[2:4]
    assert [row.split()[0] for row in rows] == [str(half.pk), str(full.pk)]
    assert f"{CORE_TERM:.3f}" in rows[1]
    assert data("list", "--verdict", "failed", "--raw").split()[0] == str(half.pk)
    assert "nothing fits" in data("list", "--element", "N")
    assert "nothing fits" in data("list", "--shell", "2p", "--hole", "full")
    shown = data("show", half.pk)
    assert "problem: it is off" in shown
    assert "core_term" in shown


def test_a_pair_becomes_files(data: Invoke, tmp_path: Path) -> None:
    pair = oxygen_pair("full")
    output = data("export", pair.pk, "-o", tmp_path / "out")
    assert output.count("wrote") == 3
    assert (tmp_path / "out" / "O.full1s.UPF").read_bytes() == upf("O", 7.0)
    assert (tmp_path / "out" / "O.ground.UPF").read_bytes() == upf("O", 6.0)
    assert (tmp_path / "out" / "O.core.txt").read_text().startswith("#")
    assert "exists already; choose another folder" in data("export", pair.pk, "-o", tmp_path / "out", expect=1)
