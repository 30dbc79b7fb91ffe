"""Engines that die, lie or give up: failed rows with a reason, and a search that goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node

pytestmark = [pytest.mark.lammps, pytest.mark.usefixtures("aiida_profile")]

# A faulty LAMMPS: bash around the real one, `lammps`, in which $N counts the runs. Run 1 relaxes the crystal. A run
# counts its rows from 0; after an interrupted one it begins with the row that was interrupted.
HEAD = """#!/bin/bash
printf . >> {runs}
N=$(wc -c < {runs})
lammps() {{ (echo $BASHPID > pid; exec {lmp} -in in.lammps -log none -screen none); }}
spoil_recipe() {{ sed -i "$1" evaluate.lammps; lammps; }}
energy_not_a_number() {{ sed -i "s/^\\(end $1 [0-9]* [0-9]* \\)[^ ]*/\\1nan/" results.lammps; }}
lose_atoms_of() {{
    spoil_recipe '/^variable expected/a if "${{row}} == '$1'" then "change_box all boundary p p f" &\\
        "displace_atoms all move 0 0 5.0"'
}}
killed_at() {{
    echo 'kill -9 $(cat pid)' > time_is_up; chmod +x time_is_up
    spoil_recipe '/^print "begin/a if "${{row}} == '$1'" then "shell ./time_is_up"'
}}
cut_off_at() {{
    lammps
    head -n $(($(grep -n "^begin $1$" results.lammps | cut -d: -f1) + 12)) results.lammps | head -c -7 > cut
    mv cut results.lammps
}}
"""
EVERY_FAULT = """
case $N in
    2) lose_atoms_of 1; energy_not_a_number 0 ;;
    3) lammps; energy_not_a_number 0 ;;
    4) cut_off_at 1 ;;
    5) cut_off_at 0 ;;
    7) killed_at 1 ;;
    8) killed_at 0 ;;
    10 | 11) exit 1 ;;
    *) lammps ;;
esac
"""
REASONS = {
    0: "its output is damaged: a number is missing or not finite",
    1: "LAMMPS lost atoms: ",
    4: "LAMMPS was killed twice while it evaluated this structure",
    7: "LAMMPS was killed twice while it evaluated this structure",
    9: "not reached: LAMMPS left no results: it did not start or was killed",
    10: "not reached: LAMMPS left no results: it did not start or was killed",
    11: "not reached: LAMMPS left no results: it did not start or was killed",
}


@pytest.fixture
def faulty_search(
    serial_code: Any, lmp: Path, tmp_path: Path, copper_search: Callable[..., ProcessBuilder]
) -> Callable[..., Any]:
    """Return a function that runs a search with a faulty LAMMPS and returns its outputs and its node."""

    def run(lines: str, **changes: Any) -> Any:
        script = tmp_path / "faulty_lmp"
        script.write_text(HEAD.format(runs=tmp_path / "runs", lmp=lmp) + lines)
        script.chmod(0o755)
        return run_get_node(copper_search(serial_code("gbml.lammps", script), **changes))

    return run


def n_jobs(node: orm.WorkChainNode) -> int:
    return sum(isinstance(child, orm.CalcJobNode) for child in node.called_descendants)


def test_faulty_rounds_cost_their_rows_and_the_search_goes_on(faulty_search: Callable[..., Any]) -> None:
    """Not a number, twice, and lost atoms in round 1, output cut off in 2, killed in 3, no start in 4."""
    outputs, node = faulty_search(EVERY_FAULT, budget=15, max_failed_fraction=0.9)
    assert node.is_finished_ok, node.exit_message
    evaluated = outputs["evaluated"].structures.columns
    failed = list(REASONS)
    assert np.flatnonzero(evaluated["status"] == "failed").tolist() == failed
    for row, reason in REASONS.items():
        assert evaluated["reason"][row].startswith(reason)
    assert np.flatnonzero(evaluated["machine_fault"]).tolist() == [row for row in failed if row != 1]
    assert np.isnan(evaluated["excess_energy"][failed]).all()
    assert np.isfinite(np.delete(evaluated["excess_energy"], failed)).all()
    assert len(set(evaluated["candidate"].tolist())) == 15
    assert outputs["interface"]["n_failed"] == len(failed)
    assert outputs["interface"]["n_machine_faults"] == len(failed) - 1
    assert len(outputs["model"].model.arrays["targets"]) == 15 - (len(failed) - 1)  # only lost atoms are bad
    assert outputs["interface"]["gb_energy"] == pytest.approx(np.nanmin(evaluated["excess_energy"]), rel=1e-12)
    assert n_jobs(node) == 1 + 2 + 3 + 3 + 2 + 1


def test_too_many_failures_end_the_search_with_what_it_has(faulty_search: Callable[..., Any]) -> None:
    outputs, node = faulty_search("[ $N -gt 2 ] || lammps", max_failed_fraction=0.4)
    assert node.exit_status == 420
    assert "3 of 6 evaluations failed" in node.exit_message
    evaluated = outputs["evaluated"].structures.columns
    assert evaluated["status"].tolist() == ["ok"] * 3 + ["failed"] * 3
    assert outputs["observations"].observations.failed.tolist() == [False] * 3 + [True] * 3
    best = outputs["best_structure"].get_ase()
    assert np.allclose(
        best.positions, outputs["evaluated"].structures.to_ase(np.nanargmin(evaluated["energy"])).positions
    )


def test_an_engine_that_computes_nothing_but_the_crystal_is_named(faulty_search: Callable[..., Any]) -> None:
    outputs, node = faulty_search("[ $N -gt 1 ] || lammps")
    assert node.exit_status == 421
    assert "None of the 6 evaluations succeeded" in node.exit_message
    assert all(text.startswith("not reached") for text in outputs["observations"].observations.reasons)
    assert "best_structure" not in outputs


def test_an_engine_that_cannot_compute_the_crystal_is_named(faulty_search: Callable[..., Any]) -> None:
    _, node = faulty_search("exit 1")
    assert node.exit_status == 410
    assert "gbml.evaluation.lammps gave no energy of the perfect crystal" in node.exit_message
    assert "LAMMPS left no results" in node.exit_message
    assert n_jobs(node) == 2
