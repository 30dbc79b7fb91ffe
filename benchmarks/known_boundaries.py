"""Energies of boundaries that the literature knows, by real LAMMPS: one JSON line.

    python benchmarks/known_boundaries.py [--potentials FOLDER] [--starts 10]

The lowest of some relaxed starts, drawn with a fixed seed, against the bulk of the same engine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from ase import Atoms

from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsSettings, run_batch
from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.problem import SearchProblem, standard_bulk
from aiida_gbml.science.interfaces.reference import BulkReference, with_excess
from aiida_gbml.science.structure_set import StructureSet

MATERIALS = {
    "Cu": ("fcc", 3.615, "Cu_mishin1.eam.alloy"),
    "Fe": ("bcc", 2.855, "FeP_mm.eam.fs"),
    "Al": ("fcc", 4.05, "Al_mm.eam.fs"),
}
# Element, sigma, axis, plane and the thicknesses of a grain in Å.
BOUNDARIES = (
    ("Cu", 5, (0, 0, 1), (2, 1, 0), (10.0, 15.0, 20.0)),
    ("Cu", 5, (0, 0, 1), (3, 1, 0), (10.0, 15.0, 20.0)),
    ("Cu", 3, (1, -1, 0), (1, 1, 1), (15.0,)),
    ("Fe", 5, (0, 0, 1), (3, 1, 0), (15.0,)),
    ("Fe", 3, (1, -1, 0), (1, 1, 1), (15.0,)),
    ("Fe", 3, (1, -1, 0), (1, 1, 2), (15.0,)),
    ("Al", 3, (1, -1, 0), (1, 1, 1), (15.0,)),
    ("Al", 5, (0, 0, 1), (3, 1, 0), (15.0,)),
    ("Al", 5, (0, 0, 1), (2, 1, 0), (15.0,)),
)


def evaluate(structures: StructureSet, potential: Path, cell: str) -> StructureSet:
    """Return relaxed structures, by the potential of a file."""
    executable = shutil.which("lmp")
    if executable is None:
        raise SystemExit("lmp is not on PATH; install it with: sudo apt-get install lammps")
    with tempfile.TemporaryDirectory() as folder:
        return run_batch(
            Path(executable),
            structures,
            LammpsPotential.from_file_name(potential.name),
            LammpsSettings(mode="relax", cell=cell),
            potential_files={potential.name: potential.read_bytes()},
            folder=Path(folder),
        )


def lowest_energy(bulk: StructureSet, potential: Path, boundary: dict[str, object], thickness: float, n: int) -> float:
    """Return the lowest excess energy in J/m² among n starts."""
    problem = SearchProblem.from_inputs(bulk, boundary, {"thickness": thickness})
    candidates = problem.candidates()
    rows = np.random.default_rng(0).permutation(len(candidates))[:n]
    relaxed = evaluate(problem.build(candidates, rows), potential, "normal")
    complete = with_excess(relaxed, BulkReference.from_evaluated(bulk), SearchSpace(thickness=thickness))
    return float(np.nanmin(complete.columns["excess_energy"]))


def main() -> None:
    """Relax every boundary and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--potentials", type=Path, default=Path("/usr/share/lammps/potentials"))
    parser.add_argument("--starts", type=int, default=10)
    given = parser.parse_args()
    bulks = {}
    for element, (lattice, parameter, name) in MATERIALS.items():
        atoms: Atoms = Crystal.prototype(lattice, element, parameter).to_ase()
        bulks[element] = evaluate(standard_bulk(atoms), given.potentials / name, "isotropic")
    result: dict[str, object] = {"benchmark": "known_boundaries"}
    for element, sigma, axis, plane, thicknesses in BOUNDARIES:
        boundary: dict[str, object] = {"sigma": sigma, "axis": list(axis), "plane": list(plane)}
        potential = given.potentials / MATERIALS[element][2]
        energies = [lowest_energy(bulks[element], potential, boundary, one, given.starts) for one in thicknesses]
        result[f"{element} sigma {sigma} {plane}"] = dict(zip(thicknesses, np.round(energies, 4), strict=True))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
