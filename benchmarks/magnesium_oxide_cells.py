"""The oxygen K edge of MgO with a core hole in growing cells: what the hole does, and when the spectrum stands still.

    aiida-gbml launch core-hole-pseudos O Mg_n --run
    python benchmarks/magnesium_oxide_cells.py [--cutoff 36] [--cells 16 32 64 54] [--plot PICTURE.png]

Runs in the user's profile, where the datasets are; repeated steps come from the cache. One JSON line: for each cell the
``n_atoms``, ``image_distance`` (Å), ``transition_energy`` (eV), the ``change`` since the cell before (fraction of the
highest point, energy in eV), and what ``hole_against_ground`` says of the hole: ``first_peak_height_ratio``,
``first_peak_shift`` and ``median_shift`` in eV.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

LATTICE_CONSTANT = 4.212  # Å, CRC Handbook of Chemistry and Physics
DENSE, SINGLE = (
    {"kpoints_distance": 0.7, "spectrum_kpoints_distance": 0.45},
    {"kpoints_distance": 1.0, "spectrum_kpoints_distance": 0.5},
)
"""Meshes of 2 x 2 x 2 and one point for ``pw.x``, in 1/Å."""
CELLS: dict[int, dict[str, Any]] = {
    16: {"min_distance": 5.9, **DENSE},
    32: {"min_distance": 7.2, **DENSE},
    64: {"matrix": [[-2, 2, 2], [2, -2, 2], [2, 2, -2]], **SINGLE},  # cubic: images 8.4 Å apart, nearer than in 54
    54: {"min_distance": 8.9, **SINGLE},
}
"""Steps of the convergence test by the number of atoms, in the order of the distance of the images."""


def run(cells: list[int], cutoff: float) -> Any:
    """Return the finished convergence test."""
    from aiida import orm
    from ase.build import bulk

    from aiida_gbml.cli.foreground import run as run_here
    from aiida_gbml.cli.spectra_datasets import find_pairs, find_pseudos
    from aiida_gbml.workflows.spectra.convergence import CoreHoleConvergenceWorkChain

    builder = CoreHoleConvergenceWorkChain.get_builder_from_protocol(
        orm.load_code("pw"),
        orm.load_code("xspectra"),
        orm.StructureData(ase=bulk("MgO", "rocksalt", a=LATTICE_CONSTANT)),
        site=1,
        treatments=("none", "full"),
        pairs=find_pairs([{"element": "O", "edge": "K"}], ["none", "full"])["O"],
        pseudos=find_pseudos(["Mg"], None),
        overrides={"pw": {"pw": {"parameters": {"SYSTEM": {"ecutwfc": cutoff, "ecutrho": 8 * cutoff}}}}},
    )
    builder.steps = orm.List([CELLS[cell] for cell in cells])
    return run_here(builder)


def report(node: Any) -> dict[str, Any]:
    """Return what the steps have found."""
    from aiida_gbml.science.spectra.comparison import compare

    found = []
    for index, step in enumerate(node.outputs.history["steps"]):
        spectra = node.outputs.steps[f"step_{index}"]
        ground, full = spectra["none"], spectra["full"]
        hole = compare(ground.energy, ground.intensity, np.interp(ground.energy, full.energy, full.intensity))
        found.append({**step, "hole_against_ground": {name: round(value, 4) for name, value in hole.items()}})
    return {"exit_status": node.exit_status, "steps": found}


def draw(node: Any, path: Path) -> None:
    """Draw the spectra of the cells over each other."""
    from aiida_gbml.science.spectra.plots import Curve, plot_cell_convergence, save

    found = node.outputs.history["steps"]
    curves = []
    for index, step in enumerate(found):
        spectrum = node.outputs.steps[f"step_{index}"]["full"]
        curves.append(Curve(f"{step['n_atoms']} atoms", spectrum.energy, spectrum.intensity))
    figure = plot_cell_convergence(
        curves, [step["n_atoms"] for step in found], [step["spectral_change"] for step in found[1:]], 0.05, "MgO, O K"
    )
    save(figure, path)


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cutoff", type=float, default=36.0, help="of the wavefunctions in Ry")
    parser.add_argument("--cells", type=int, nargs="+", choices=list(CELLS), default=list(CELLS), help="by their atoms")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    from aiida import load_profile

    load_profile()
    node = run(arguments.cells, arguments.cutoff)
    print(json.dumps(report(node)), flush=True)
    if arguments.plot:
        draw(node, arguments.plot)


if __name__ == "__main__":
    main()
