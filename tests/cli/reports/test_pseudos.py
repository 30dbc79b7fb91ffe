"""What the checks say of a pair, by `show`, `explain`, `plot` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiida import orm
from aiida.common.links import LinkType
from core_hole_data import oxygen_pair

from aiida_gbml.cli.reports.pseudos import PseudosReport

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_a_pair_tells_its_verdict_and_its_problems(tmp_path: Path) -> None:
    pair = oxygen_pair(verdict="failed", problems=["the lattice constant is off"])
    report = PseudosReport(pair)
    assert report.text(5).splitlines()[:2] == [f"Core-hole datasets {pair.pk}: stored", "full: failed"]
    ((problem, remedy),) = report.problems()
    assert problem == "full: the lattice constant is off"
    assert "accept_failed_pseudos" in remedy
    (path,) = report.write("json", tmp_path / "checks.json")
    assert json.loads(path.read_text())["full"]["element"] == "O"
    with pytest.raises(ValueError, match="no logarithmic derivatives"):
        report.draw([], tmp_path, ["png"], None)


def test_a_process_tells_the_checks_of_all_its_datasets(tmp_path: Path) -> None:
    chain = orm.WorkChainNode()
    chain.set_process_label("CoreHolePseudosWorkChain")
    job = orm.CalcJobNode()
    chain.store()
    job.base.links.add_incoming(chain, LinkType.CALL_CALC, "atom_full")
    job.store()
    energies = [0.1 * number for number in range(30)]
    columns = [[one, 2 * one] for one in energies]
    arrays = orm.ArrayData({"energies": energies, "all_electron": columns, "pseudo": columns})  # type: ignore[arg-type]
    arrays.base.links.add_incoming(job, LinkType.CREATE, "log_derivatives")
    arrays.store()
    check = orm.Dict({"verdict": "passed", "problems": [], "level_error": 1e-4}).store()
    check.base.links.add_incoming(chain, LinkType.RETURN, "checks__ground")
    report = PseudosReport(chain)
    assert "ground: passed" in report.text(5)
    assert report.content(5) == {"checks": {"ground": check.get_dict()}}
    (path,) = report.draw([], tmp_path, ["png"], None)
    assert path.name == f"core_holes_{chain.pk}_atom_full.png"
