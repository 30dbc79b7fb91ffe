"""Tests of aiida_gbml.science.engines.lammps.outputs: no text may raise an unexpected error or pass as a result."""

from dataclasses import dataclass

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_gbml.science.engines.lammps import (
    RESULTS,
    LammpsOutputError,
    LammpsPotential,
    LammpsSettings,
    LammpsSetupError,
    read_outputs,
    run_batch,
)
from aiida_gbml.science.engines.lammps.inputs import HEADER
from aiida_gbml.science.structure_set import StructureSet

N_MUTATIONS = 900


@dataclass
class Run:
    """A run of LAMMPS that went well."""

    structures: StructureSet
    settings: LammpsSettings
    results: bytes
    evaluated: StructureSet

    def read(self, results, log=b"", **options):
        return read_outputs(self.structures, self.settings, results, log, **options)


@pytest.fixture(scope="module", params=["static", "relax"])
def run(request, lmp, tmp_path_factory):
    """Return four rows: a crystal, a strained and rattled one, a molecule, and one that fails."""
    odd = bulk("Cu", cubic=True)
    odd.set_cell(odd.cell @ [[1.02, 0.03, 0.01], [0.0, 0.98, 0.02], [0.01, 0.0, 1.01]], scale_atoms=True)
    odd.positions += np.random.default_rng(0).normal(0, 0.1, odd.positions.shape)
    overlapping = bulk("Cu", cubic=True)
    overlapping.positions[1] = overlapping.positions[0]
    molecule = bulk("Cu", cubic=True) if request.param == "relax" else Atoms("Cu2", [[0, 0, 0], [1.3, 0.5, 1.9]])
    structures = StructureSet.from_ase([bulk("Cu"), odd, molecule, overlapping])
    settings = LammpsSettings(mode=request.param, cell="isotropic" if request.param == "relax" else "fixed")
    morse = LammpsPotential("morse 6.0", ("* * 0.34 1.36 2.87",))
    folder = tmp_path_factory.mktemp("lammps")
    evaluated = run_batch(lmp, structures, morse, settings, potential_files={}, folder=folder)
    assert evaluated.columns["status"].tolist() == ["ok", "ok", "ok", "failed"]
    return Run(structures, settings, (folder / "from_0" / RESULTS).read_bytes(), evaluated)


def assert_nothing_wrong(run, evaluated):
    """Every row that is accepted is the row of the undamaged output, down to rounding."""
    for row in evaluated.rows("ok"):
        own, truth = evaluated.atoms_of(row), run.evaluated
        assert truth.columns["status"][row] == "ok"
        for name in ("energy", "stress", "n_steps", "converged"):
            assert np.allclose(
                evaluated.columns[name][row], truth.columns[name][row], rtol=0, atol=1e-8, equal_nan=True
            )
        for name in ("forces", "energies"):
            assert np.allclose(evaluated.atom_columns[name][own], truth.atom_columns[name][own], rtol=0, atol=1e-8)
        assert np.allclose(evaluated.positions[own], truth.positions[own], rtol=0, atol=1e-8)
        assert np.allclose(evaluated.cells[row], truth.cells[row], rtol=0, atol=1e-8)
    for row in evaluated.rows("failed"):
        assert evaluated.columns["reason"][row]
        assert np.isnan(evaluated.columns["energy"][row])


def mutate(content, rng):
    """Return content damaged in one of the ways in which files get damaged."""
    at, other = sorted(rng.integers(0, len(content), 2))
    digits = [i for i, byte in enumerate(content) if 48 <= byte <= 57]
    digit = int(rng.choice(digits))
    lines = content.split(b"\n")
    line, next_line = sorted(rng.integers(0, len(lines), 2))
    kinds = [
        lambda: content[:at],
        lambda: content[at:],
        lambda: content[:at] + content[other:],
        lambda: content[:at] + bytes([content[at] ^ (1 << rng.integers(0, 8))]) + content[at + 1 :],
        lambda: content[:digit] + str(rng.integers(0, 10)).encode() + content[digit + 1 :],
        lambda: content[:digit] + content[digit + 1 :],
        lambda: (
            content[:digit] + rng.choice([b"nan", b"inf", b"1e400", b"-", b"_", b".", b"e5"]) + content[digit + 1 :]
        ),
        lambda: b"\n".join(lines[:line] + lines[line + 1 :]),
        lambda: b"\n".join(lines[:line] + lines[next_line : next_line + 1] + lines[line:]),
        lambda: content[:at] + rng.bytes(int(rng.integers(1, 40))) + content[at:],
        lambda: content[:at] + content[other:] + content[at:other],
        lambda: content.decode("ascii").encode(str(rng.choice(["utf-16", "utf-32", "cp500"]))),
        lambda: content[:at] + b"\0" * (other - at) + content[other:],
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content + content,
    ]
    return kinds[rng.integers(len(kinds))]()


@pytest.mark.lammps
def test_damage_is_never_taken_for_a_result(run):
    rng = np.random.default_rng(20261120)
    outcomes = {"refused": 0, "read": 0}
    for _ in range(N_MUTATIONS):
        damaged = mutate(run.results, rng)
        log = rng.bytes(60) if rng.random() < 0.2 else b""
        try:
            evaluated = run.read(damaged, log)
        except LammpsOutputError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            assert_nothing_wrong(run, evaluated)
    assert min(outcomes.values()) > N_MUTATIONS // 20


@pytest.mark.lammps
def test_every_digit_that_counts_is_guarded(run):
    """Any significant digit of an accepted row, changed, and that row is to be done again."""
    lines = run.results.split(b"\n")
    end = next(i for i, line in enumerate(lines) if line.startswith(b"end 1 "))
    words = lines[end].split(b" ")
    for i in range(2, len(words)):
        changed = [*words]
        changed[i] = repr(float(words[i]) + 1e-3).encode()
        damaged = b"\n".join([*lines[:end], b" ".join(changed), *lines[end + 1 :]])
        assert run.read(damaged).columns["status"].tolist() == ["ok", "new", "ok", "failed"]
        again = run.read(damaged, is_retry=True)
        assert again.columns["status"].tolist() == ["ok", "failed", "ok", "failed"]
        assert again.columns["machine_fault"].tolist() == [False, True, False, False]
        assert "damaged" in again.columns["reason"][1]


@pytest.mark.lammps
def test_a_killed_process_leaves_rows_to_be_done(run):
    half = run.results.index(b"begin 2") + 60
    killed = run.read(run.results[:half])
    assert killed.columns["status"].tolist() == ["ok", "ok", "new", "new"]
    crashed = run.read(run.results[:half], b"ERROR on proc 0: Out of range atoms (src/pppm.cpp:1850)\nLast command\n")
    assert crashed.columns["status"].tolist() == ["ok", "ok", "failed", "new"]
    assert crashed.columns["reason"][2] == "LAMMPS stopped: Out of range atoms (src/pppm.cpp:1850)"
    assert not crashed.columns["machine_fault"].any()


@pytest.mark.lammps
@pytest.mark.parametrize(
    "message", ["Failed to allocate 80000 bytes for array atom:x", "Cannot open file: No space left on device"]
)
def test_what_lammps_says_of_the_machine_is_no_finding_about_the_structure(run, message):
    cut, log = run.results[: run.results.index(b"begin 0") + 60], f"ERROR on proc 0: {message} (src/x.cpp:1)\n".encode()
    assert run.read(cut, log).columns["status"].tolist() == ["new"] * 4
    again = run.read(cut, log, is_retry=True).columns
    assert again["status"].tolist() == ["failed", "new", "new", "new"]
    assert again["machine_fault"].tolist() == [True, False, False, False]
    assert message in again["reason"][0]


@pytest.mark.lammps
def test_a_row_that_kills_twice_has_failed(run):
    cut = run.results[: run.results.index(b"begin 0") + 60]
    assert run.read(cut).columns["status"].tolist() == ["new"] * 4
    again = run.read(cut, is_retry=True)
    assert again.columns["status"].tolist() == ["failed", "new", "new", "new"]
    assert "killed twice" in again.columns["reason"][0]
    assert again.columns["machine_fault"].tolist() == [True, False, False, False]


@pytest.mark.lammps
def test_a_missing_row_in_the_middle_is_done_again_once(run):
    first, last = run.results.index(b"begin 1"), run.results.index(b"begin 2")
    holed = run.results[:first] + run.results[last:]
    assert run.read(holed).columns["status"].tolist() == ["ok", "new", "ok", "failed"]
    again = run.read(holed, is_retry=True)
    assert again.columns["status"].tolist() == ["ok", "failed", "ok", "failed"]
    assert again.columns["machine_fault"].tolist() == [False, True, False, False]
    assert "missing or damaged" in again.columns["reason"][1]


@pytest.mark.parametrize(
    ("results", "log", "error", "message"),
    [
        (b"", b"", LammpsOutputError, "do not start with their header"),
        (b"", b"ERROR: Cannot open file\n", LammpsSetupError, "first structure: Cannot open file"),
        (b"LAMMPS (29 Sep 2021)\n", b"", LammpsOutputError, "do not start with their header"),
        (2 * f"{HEADER}\n".encode(), b"", LammpsOutputError, "more than one run"),
        (f"{HEADER}\n".encode() + 2 * b"begin 0\nfailed 0 1 0 nan nan\n", b"", LammpsOutputError, "more than once"),
    ],
)
def test_what_is_no_single_run_is_refused(results, log, error, message):
    with pytest.raises(error, match=message):
        read_outputs(StructureSet.from_ase([bulk("Cu")]), LammpsSettings(), results, log)


def test_a_message_of_the_log_is_made_printable():
    log = b"ERROR: bad \x1b[31m\xffword\n"
    evaluated = read_outputs(
        StructureSet.from_ase([bulk("Cu")]), LammpsSettings(), f"{HEADER}\nbegin 0\n".encode(), log
    )
    assert evaluated.columns["reason"][0] == "LAMMPS stopped: bad ?[31m?word"
