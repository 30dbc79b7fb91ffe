"""Compute tables of boundary energies with LAMMPS, for benchmarks/kriging.py: metals, boundaries, an ionic crystal.

The columns are those of the published table of copper: dx, gb, dz in Å and gb_energy in J/m². Candidates are the
symmetry-distinct ones on a fine grid. Atoms move along the normal only, so that every translation keeps its own energy;
the height of the cell stays (the energy has a valley along the gap) or relaxes too (the gap only selects the basin).
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.lammps.batch import run_batch
from aiida_gbml.science.engines.lammps.potential import LammpsPotential
from aiida_gbml.science.engines.lammps.settings import LammpsSettings
from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary, Miller
from aiida_gbml.science.interfaces.candidates import CandidateSet, SearchSpace, enumerate_candidates
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.reference import BulkReference, with_excess
from aiida_gbml.science.structure_set import OK, StructureSet

# Lewis & Catlow, J. Phys. C 18, 1149 (1985): formal charges, Buckingham terms in eV and Å.
MAGNESIA = LammpsPotential(
    "buck/coul/long 8.0",
    ("Mg Mg 0.0 1.0 0.0", "Mg O 1428.5 0.2945 0.0", "O O 22764.3 0.149 27.88"),
    charges={"Mg": 2.0, "O": -2.0},
    kspace_style="ewald 1e-5",
)


@dataclass(frozen=True)
class System:
    """A crystal, a symmetric tilt boundary of it, and how finely and how it is scanned.

    :param a: lattice parameter in Å to start from; it is relaxed first.
    :param gaps: lowest, highest and number of gaps, Å.
    :param cell: 'fixed' or 'normal'.
    """

    prototype: str
    species: str | tuple[str, ...]
    a: float
    potential: LammpsPotential
    sigma: int
    axis: Miller
    plane: Miller
    gaps: tuple[float, float, int]
    spacing: float = 0.15
    cell: str = "fixed"


def from_file(name: str) -> LammpsPotential:
    """Return the potential of a file of LAMMPS' own collection."""
    return LammpsPotential.from_file_name(name)


ALUMINIUM, IRON = from_file("Al_mm.eam.fs"), from_file("Fe_mm.eam.fs")
NICKEL, TUNGSTEN = from_file("NiAlH_jea.eam.alloy"), from_file("W_zhou.eam.alloy")
Z: Miller = (0, 0, 1)
SYSTEMS = {
    "al_sigma5_310": System("fcc", "Al", 4.05, ALUMINIUM, 5, Z, (3, 1, 0), (0.0, 0.6, 7)),
    "al_sigma9_221": System("fcc", "Al", 4.05, ALUMINIUM, 9, (1, -1, 0), (2, 2, 1), (0.0, 0.6, 7)),
    "ni_sigma13_320": System("fcc", "Ni", 3.52, NICKEL, 13, Z, (3, 2, 0), (0.1, 0.6, 7)),
    "ni_sigma11_332": System("fcc", "Ni", 3.52, NICKEL, 11, (1, -1, 0), (3, 3, 2), (0.0, 0.6, 7)),
    "fe_sigma5_210": System("bcc", "Fe", 2.855, IRON, 5, Z, (2, 1, 0), (0.1, 0.7, 7)),
    "fe_sigma5_310_relaxed": System("bcc", "Fe", 2.855, IRON, 5, Z, (3, 1, 0), (0.2, 1.0, 3), cell="normal"),
    "w_sigma5_310": System("bcc", "W", 3.165, TUNGSTEN, 5, Z, (3, 1, 0), (0.1, 0.7, 7)),
    "mgo_sigma5_310": System("rocksalt", ("Mg", "O"), 4.2, MAGNESIA, 5, Z, (3, 1, 0), (0.5, 1.5, 6), spacing=0.25),
}


def evaluate(structures: StructureSet, system: System, cell: str, executable: str, potentials: Path) -> StructureSet:
    """Return structures relaxed along the normal (bulk: in volume) by one LAMMPS process."""
    settings = LammpsSettings("relax", atoms="normal" if cell != "isotropic" else "free", cell=cell)
    contents = {name: (potentials / name).read_bytes() for name in system.potential.files}
    with tempfile.TemporaryDirectory() as folder:
        return run_batch(
            executable, structures, system.potential, settings, potential_files=contents, folder=Path(folder) / "run"
        )


def compute(system: System, executable: str, potentials: Path) -> tuple[CandidateSet, Array, float]:
    """Return the candidates, their (n,) energies in J/m² (NaN where LAMMPS failed), and the lattice parameter in Å."""
    guess = Crystal.prototype(system.prototype, system.species, system.a).to_ase()
    relaxed = evaluate(StructureSet.from_ase([guess]), system, "isotropic", executable, potentials)
    a = float(relaxed.cells[0, 0, 0])
    crystal = Crystal.prototype(system.prototype, system.species, a)
    bicrystal = Bicrystal(crystal, Boundary.from_sigma(system.sigma, system.axis, system.plane), thickness=14.0)
    space = SearchSpace(
        system.spacing, gaps=tuple(np.linspace(*system.gaps).tolist()), thickness=14.0, terminations=(0,)
    )
    candidates = enumerate_candidates(bicrystal, space)
    start = StructureSet.from_ase(
        bicrystal.build(translation, gap)
        for translation, gap in zip(candidates.translations, candidates.gaps, strict=True)
    )
    height = [float(bicrystal.boundary_heights(gap)[0]) for gap in candidates.gaps]
    found = evaluate(start.with_columns(boundary_height=height), system, system.cell, executable, potentials)
    found = with_excess(found, BulkReference.from_evaluated(relaxed), space)
    return candidates, np.where(found.columns["status"] == OK, found.columns["excess_energy"], np.nan), a


def main() -> None:
    """Write one table a system and print one JSON line for each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    options.add_argument("--potentials", type=Path, default=Path("/usr/share/lammps/potentials"))
    options.add_argument("--lmp", default=shutil.which("lmp"))
    arguments = options.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.systems:
        candidates, energies, a = compute(SYSTEMS[name], arguments.lmp, arguments.potentials)
        x, z = candidates.translations.T
        table = np.column_stack([x, candidates.gaps, z, energies])
        path = arguments.folder / f"{name}.csv"
        np.savetxt(path, table, fmt="%.9f", delimiter=",", header="dx,gb,dz,gb_energy", comments="")
        summary = {"lattice_parameter": a, "n_candidates": len(table), "n_failed": int(np.isnan(energies).sum())}
        print(json.dumps({"table": name, **summary, "lowest": float(np.nanmin(energies))}), flush=True)


if __name__ == "__main__":
    main()
