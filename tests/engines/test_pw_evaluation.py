"""PwEvaluationWorkChain with the real pw.x."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida_pseudo.data.pseudo import UpfData
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily
from ase import Atoms
from ase.build import bulk
from qe_tools import CONSTANTS

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation import pw
from aiida_gbml.workflows.evaluation.pw import PwEvaluationWorkChain

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]

PSEUDO = Path(os.environ.get("ESPRESSO_PSEUDO", "/usr/share/espresso/pseudo")) / "Al.pz-vbc.UPF"
SYSTEM = {"ecutwfc": 15.0, "ecutrho": 60.0, "occupations": "smearing", "smearing": "cold", "degauss": 0.05}


@pytest.fixture
def evaluate(pw_code: orm.InstalledCode) -> Any:
    """Return a function that evaluates structures of aluminium under the fast protocol and coarser settings."""
    family = CutoffsPseudoPotentialFamily(label="al").store()
    family.add_nodes([UpfData(PSEUDO.open("rb")).store()])
    family.set_cutoffs({"Al": {"cutoff_wfc": SYSTEM["ecutwfc"], "cutoff_rho": SYSTEM["ecutrho"]}}, "normal", unit="Ry")

    def run(structures: list[Atoms], *, code: orm.InstalledCode = pw_code, **changes: Any) -> Any:
        parameters = {"SYSTEM": SYSTEM, "ELECTRONS": changes.pop("electrons", {})}
        base = {
            "kpoints_distance": 0.5,
            "max_iterations": changes.pop("max_iterations", 2),
            "pw": {"parameters": parameters},
        }
        builder = PwEvaluationWorkChain.get_builder_from_protocol(
            code,
            StructureSetData(StructureSet.from_ase(structures, tag=list(range(len(structures))))),
            "fast",
            overrides={"base": base, **changes.pop("overrides", {})},
            pseudo_family="al",
            options={"withmpi": False, "max_wallclock_seconds": 300},
            **changes,
        )
        outputs, node = run_get_node(builder)
        return outputs["evaluated"].structures if "evaluated" in outputs else None, node

    return run


def _run_pw_directly(pw_x: Path, folder: Path, atoms: Atoms, job: orm.CalcJobNode) -> float:
    """Return the energy in eV that pw.x prints for an input written here, with the k-points of a job."""
    mesh = job.inputs.kpoints.get_kpoints_mesh()[0]
    cell = "\n".join(" ".join(f"{x:.10f}" for x in vector) for vector in atoms.cell)
    positions = "\n".join("Al " + " ".join(f"{x:.10f}" for x in position) for position in atoms.positions)
    text = f"""&CONTROL
  calculation='scf', pseudo_dir='{PSEUDO.parent}', outdir='./out'
/
&SYSTEM
  ibrav=0, nat={len(atoms)}, ntyp=1, ecutwfc=15.0, ecutrho=60.0
  occupations='smearing', smearing='cold', degauss=0.05
/
&ELECTRONS
  conv_thr=1e-10
/
ATOMIC_SPECIES
Al 26.98 {PSEUDO.name}
ATOMIC_POSITIONS angstrom
{positions}
K_POINTS automatic
{mesh[0]} {mesh[1]} {mesh[2]} 0 0 0
CELL_PARAMETERS angstrom
{cell}
"""
    (folder / "pw.in").write_text(text)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [pw_x, "-in", "pw.in"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    energy = re.findall(r"^!\s+total energy\s+=\s+(\S+) Ry", done.stdout, re.MULTILINE)[-1]
    return float(energy) * CONSTANTS.ry_to_ev  # the plugin's own constant, 1e-7 from CODATA's


def _tetragonal(height: float = 4.0, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Atoms:
    """Return face-centred cubic aluminium in its body-centred tetragonal cell of two atoms."""
    side = 4.0 / np.sqrt(2)
    positions = np.array([[0.0, 0.0, 0.0], np.array([side, side, height]) / 2 + shift])
    return Atoms("Al2", positions=positions, cell=[side, side, height], pbc=True)


def test_static_energies_are_those_of_pw_x_and_stresses_their_slope(
    evaluate: Any, pw_x: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pw, "MOST_ROWS_AT_ONCE", 2)  # so that three rows are merged from two parts
    structures = [bulk("Al", a=a) for a in (3.86, 3.90, 3.94)]
    evaluated, node = evaluate(structures, mode="static")
    assert node.is_finished_ok
    assert evaluated.columns["status"].tolist() == ["ok"] * 3
    assert evaluated.columns["tag"].tolist() == [0, 1, 2]
    assert np.array_equal(evaluated.positions, np.zeros((3, 3)))

    job = orm.load_node(evaluated.columns["calculation_uuid"][1])
    energy = _run_pw_directly(pw_x, tmp_path, structures[1], job)
    assert evaluated.columns["energy"][1] == pytest.approx(energy, abs=2e-6)

    # dE/dV is minus the pressure, which is the mean stress in tension; the cutoff leaves some per cent of Pulay stress
    volumes = [atoms.get_volume() for atoms in structures]
    slope = np.diff(evaluated.columns["energy"][[0, 2]]) / np.diff(np.array(volumes)[[0, 2]])
    assert np.trace(evaluated.columns["stress"][1]) / 3 == pytest.approx(slope[0], abs=0.02)


def test_relaxation_along_the_normal_moves_only_z(evaluate: Any) -> None:
    start = _tetragonal(shift=(0.12, 0.0, 0.2))
    evaluated, node = evaluate([start], mode="relax", constraints={"atoms": "normal"})
    assert node.is_finished_ok
    moved = evaluated.positions - start.positions
    assert np.abs(moved[:, :2]).max() < 1e-7
    assert np.abs(evaluated.cells[0] - start.cell.array).max() < 1e-7
    # the mirror plane half way between the layers of the other atom is where z has to end
    assert np.diff(evaluated.positions[:, 2])[0] == pytest.approx(2.0, abs=0.01)
    assert np.abs(evaluated.atom_columns["forces"][:, 2]).max() < 0.026  # eV/Å: forc_conv_thr 1e-3 Ry/bohr
    assert not evaluated.atom_columns["forces"][:, :2].any()  # pw.x gives no force on what is held


def test_a_cell_relaxes_in_height_or_in_size(evaluate: Any) -> None:
    start = _tetragonal(height=4.2)
    evaluated, node = evaluate([start], constraints={"atoms": "normal", "cell": "normal"})
    assert node.is_finished_ok
    difference = evaluated.cells[0] - start.cell.array
    assert np.abs(np.delete(difference.ravel(), 8)).max() < 1e-7
    assert difference[2, 2] < -0.01
    along_x, _, along_z = np.diag(evaluated.columns["stress"][0])
    assert along_x > 0.02  # eV/Å³: still stretched in the plane
    assert abs(along_z) < 0.01

    evaluated, node = evaluate([bulk("Al", a=3.85)], constraints={"cell": "isotropic"})
    assert node.is_finished_ok
    lengths_and_angles = Atoms(cell=evaluated.cells[0]).cell.cellpar()
    assert np.ptp(lengths_and_angles[:3]) < 1e-5
    assert lengths_and_angles[3:] == pytest.approx([60.0] * 3, abs=1e-4)
    # the local-density lattice parameter of aluminium is 3.95 to 4.00 Å in the literature
    assert lengths_and_angles[0] * np.sqrt(2) == pytest.approx(3.97, abs=0.05)


def test_a_row_that_does_not_converge_fails_alone(evaluate: Any) -> None:
    positions = [[0, 0, 0], [0.3, 0.2, 2.1], [0, 1, 4.5], [1.5, 0.2, 12]]
    hard = Atoms("Al4", positions=positions, cell=[3.0, 3.0, 20.0], pbc=True)  # takes about twice as many iterations
    evaluated, node = evaluate(
        [bulk("Al", a=3.95), hard],
        mode="static",
        electrons={"electron_maxstep": 10},
        max_iterations=1,
        overrides={"max_failed_fraction": 0.4},
    )
    assert evaluated.columns["status"].tolist() == ["ok", "failed"]
    assert "410" in evaluated.columns["reason"][1]
    assert "self-consistency" in evaluated.columns["reason"][1]
    assert np.isnan(evaluated.columns["energy"][1])
    assert node.exit_status == 410
    assert "1 of 2 structures failed" in node.exit_message


def test_a_job_that_lost_its_output_is_run_again(evaluate: Any, serial_code: Any, pw_x: Path, tmp_path: Path) -> None:
    wrapper, flag = tmp_path / "pw_killed_once.sh", tmp_path / "killed"
    wrapper.write_text(
        f'#!/bin/sh\nif [ ! -e {flag} ]; then touch {flag}; {pw_x} "$@" | head -n 40; exit; fi\nexec {pw_x} "$@"\n'
    )
    wrapper.chmod(0o755)
    atoms = bulk("Al", a=3.95)
    evaluated, node = evaluate([atoms], mode="static", code=serial_code("quantumespresso.pw", wrapper))
    assert node.is_finished_ok
    jobs = [one for one in node.called_descendants if isinstance(one, orm.CalcJobNode)]
    assert sorted(job.exit_status for job in jobs)[0] == 0
    assert len(jobs) == 2
    assert evaluated.columns["energy"][0] == pytest.approx(_run_pw_directly(pw_x, tmp_path, atoms, jobs[0]), abs=2e-6)
