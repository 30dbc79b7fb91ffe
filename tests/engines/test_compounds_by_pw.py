"""Paths of atoms and verified compositions with the real pw.x, coarse but the same as that of pw.x alone."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node
from aiida_pseudo.data.pseudo import UpfData
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily
from ase import Atoms
from ase.build import bulk
from ase.geometry import cellpar_to_cell
from qe_tools import CONSTANTS
from ranked import ranking_of

from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.compounds.potential_surface import PotentialSurfaceWorkChain
from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain
from aiida_gbml.workflows.evaluation.pw import PwEvaluationWorkChain

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]

FOLDER = Path(os.environ.get("ESPRESSO_PSEUDO", "/usr/share/espresso/pseudo"))
PSEUDOS = {"H": "H.pz-vbc.UPF", "Al": "Al.pz-vbc.UPF", "As": "As.pz-bhs.UPF"}
CUTOFF = 12.0  # Ry
SYSTEM = {"ecutwfc": CUTOFF, "ecutrho": 4 * CUTOFF, "occupations": "smearing", "smearing": "cold", "degauss": 0.02}


@pytest.fixture
def engine(pw_code: orm.InstalledCode) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of an evaluation of some elements."""

    def make(elements: Sequence[str]) -> ProcessBuilder:
        family = CutoffsPseudoPotentialFamily(label="lda").store()
        family.add_nodes([UpfData((FOLDER / PSEUDOS[one]).open("rb")).store() for one in elements])
        cutoffs = {one: {"cutoff_wfc": CUTOFF, "cutoff_rho": 4 * CUTOFF} for one in elements}
        family.set_cutoffs(cutoffs, "normal", unit="Ry")
        both = Atoms(elements, cell=[9.0] * 3, pbc=True)
        return PwEvaluationWorkChain.get_builder_from_protocol(
            pw_code,
            StructureSetData(StructureSet.from_ase([both])),
            "fast",
            overrides={"base": {"kpoints_distance": 0.5, "pw": {"parameters": {"SYSTEM": SYSTEM}}}},
            pseudo_family="lda",
            options={"withmpi": False, "max_wallclock_seconds": 300},
        )

    return make


def energy_by_pw_alone(pw_x: Path, folder: Path, atoms: Atoms, job: orm.CalcJobNode) -> float:
    """Return the energy in eV that pw.x prints for an input written here, with the k-points of a job."""
    mesh = job.inputs.kpoints.get_kpoints_mesh()[0]
    elements = sorted(set(atoms.symbols))
    rows = [
        "&CONTROL",
        f"  calculation='scf', pseudo_dir='{FOLDER}', outdir='./out'",
        "/\n&SYSTEM",
        f"  ibrav=0, nat={len(atoms)}, ntyp={len(elements)}, ecutwfc={CUTOFF}, ecutrho={4 * CUTOFF}",
        "  occupations='smearing', smearing='cold', degauss=0.02",
        "/\n&ELECTRONS\n  conv_thr=1e-10\n/",
        "ATOMIC_SPECIES",
        *(f"{one} 1.0 {PSEUDOS[one]}" for one in elements),
        "ATOMIC_POSITIONS angstrom",
        *(f"{one} {x:.10f} {y:.10f} {z:.10f}" for one, (x, y, z) in zip(atoms.symbols, atoms.positions, strict=True)),
        "CELL_PARAMETERS angstrom",
        *(f"{x:.10f} {y:.10f} {z:.10f}" for x, y, z in atoms.cell),
        "K_POINTS automatic",
        " ".join(map(str, [*mesh, 0, 0, 0])),
    ]
    (folder / "pw.in").write_text("\n".join(rows) + "\n")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [pw_x, "-in", "pw.in"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    energy = re.findall(r"^!\s+total energy\s+=\s+(\S+) Ry", done.stdout, re.MULTILINE)[-1]
    return float(energy) * CONSTANTS.ry_to_ev


@pytest.fixture
def surface_of_hydrogen(engine: Callable[..., ProcessBuilder]) -> Any:
    """Return a function that searches all points of a coarse grid over aluminium; keywords are overrides."""

    def run(**overrides: Any) -> tuple[Any, orm.WorkChainNode]:
        overrides = {"strategy": {"method": "exhaustive"}, **overrides}
        host = orm.StructureData(ase=bulk("Al", a=4.0))
        builder = PotentialSurfaceWorkChain.get_builder_from_protocol(
            host, "H", engine(["Al", "H"]), overrides=overrides
        )
        outputs, node = run_get_node(builder)
        assert node.is_finished_ok, node.exit_message
        assert set(outputs["evaluated"].structures.columns["status"]) == {"ok"}
        return outputs, node

    return run


def test_the_barrier_of_hydrogen_in_aluminium_is_that_of_pw_x(
    surface_of_hydrogen: Any, pw_x: Path, tmp_path: Path
) -> None:
    outputs, _ = surface_of_hydrogen(grid={"spacing": 0.75, "min_distance_ratio": 0.85})
    job = orm.load_node(outputs["evaluated"].structures.columns["calculation_uuid"][0])
    found = [outputs[name].get_ase() for name in ("stable_structure", "bottleneck_structure")]
    stable, bottleneck = (energy_by_pw_alone(pw_x, tmp_path, atoms, job) for atoms in found)
    assert bottleneck > stable
    assert outputs["summary"]["barrier"] == pytest.approx(bottleneck - stable, abs=1e-5)
    assert "H.pz-vbc.UPF" in outputs["summary"]["level_of_theory"]


def test_the_host_relaxes_around_the_atom(surface_of_hydrogen: Any) -> None:
    """Of two atoms of the host the one farther from hydrogen stands still, as hydrogen itself does."""
    relaxing = {"mode": "relax", "constraints": {"atoms": "free", "cell": "fixed"}}
    outputs, node = surface_of_hydrogen(grid={"spacing": 1.0}, supercell=[1, 1, 2], engine=relaxing)
    grid, evaluated = outputs["sites"].grid, outputs["evaluated"].structures
    proposed = node.base.links.get_outgoing(link_label_filter="propose_0000").one().node.outputs.proposal.structures
    moved = np.linalg.norm(evaluated.positions - proposed.positions, axis=1).reshape(2, 3)
    is_fixed = proposed.atom_columns["fixed"].all(axis=1).reshape(2, 3)
    assert is_fixed.sum(axis=1).tolist() == [2, 2]
    np.testing.assert_allclose(moved[is_fixed], 0.0, atol=1e-6)
    assert moved[~is_fixed].max() > 0.01
    np.testing.assert_allclose(evaluated.positions[2::3], grid.fractional @ grid.cell, atol=1e-6)
    assert np.abs(evaluated.atom_columns["forces"].reshape(2, 3, 3)[~is_fixed]).max() < 0.026  # 1e-3 Ry/bohr


def test_aluminium_arsenide_is_stable(engine: Any, pw_x: Path, tmp_path: Path) -> None:
    """Its heat of formation is -117 kJ/mol and its lattice parameter 5.66 Å (CRC handbook); the cutoff is low."""
    arsenic = Atoms("As2", cell=cellpar_to_cell([3.8] * 3 + [56.7] * 3), pbc=True)
    arsenic.set_scaled_positions([[0.237] * 3, [0.763] * 3])
    builder = CompositionVerificationWorkChain.get_builder_from_protocol(
        RankingData(ranking_of(["AlAs"], [0.9])),
        StructureSetData(StructureSet.from_ase([bulk("GaP", "zincblende", a=5.45)])),
        engine(["Al", "As"]),
        competing=StructureSetData(StructureSet.from_ase([bulk("Al", a=3.95), arsenic])),
        protocol="fast",
    )
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    verified, phases = outputs["verified"].structures, outputs["phases"].structures
    assert verified.columns["verdict"].tolist() == ["stable"]
    assert outputs["stable"].compositions.formulas() == ["AlAs"]
    assert np.linalg.norm(verified.cells[0, 0]) * np.sqrt(2) == pytest.approx(5.66, rel=0.05)
    formation = float(verified.columns["formation_energy"][0])
    assert formation == pytest.approx(-117e3 / (2 * 96485), rel=0.4)
    energies = [
        energy_by_pw_alone(pw_x, tmp_path, structures.to_ase(row), orm.load_node(job)) / structures.sizes[row]
        for structures in (verified, phases)
        for row, job in enumerate(structures.columns["calculation_uuid"])
    ]
    assert formation == pytest.approx(energies[0] - (energies[1] + energies[2]) / 2, abs=1e-3)
