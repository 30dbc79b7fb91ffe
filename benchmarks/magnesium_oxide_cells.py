"""The oxygen K edge of MgO with a core hole in growing cells: what the hole does, and when the spectrum stands still.

    aiida-gbml launch core-hole-pseudos O Mg_n --run
    python benchmarks/magnesium_oxide_cells.py [--cutoff 36] [--cells 16 32 64 54]
    aiida-gbml plot PK

Runs in the user's profile, where the datasets are; repeated steps come from the cache. One JSON line: for each cell the
``n_atoms``, ``image_distance`` (Å), ``transition_energy`` (eV), the ``change`` since the cell before (fraction of the
highest point, energy in eV), also with a Gaussian of 1 and 2 eV added (``broadened_change``), the ``band_filling`` (eV)
that is taken out of the transition energy, and what ``hole_against_ground`` says of the hole:
``first_peak_height_ratio``, ``first_peak_shift`` and ``median_shift`` in eV. ``pk`` is for the picture.
"""

from __future__ import annotations

import argparse
import json
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
WIDTHS = (1.0, 2.0)
"""Full widths in eV of an instrument, under which cells are compared as well."""


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


def wider(spectrum: Any, width: float) -> tuple[Any, Any]:
    """Return the energies and the intensity of a spectrum with a Gaussian of a full width in eV."""
    from aiida_gbml.science.spectra.broadening import broaden

    return spectrum.energy, broaden(spectrum.energy, spectrum.intensity, {"gaussian": width})


def report(node: Any) -> dict[str, Any]:
    """Return what the steps have found."""
    from aiida_gbml.science.spectra.comparison import compare, spectral_change

    children = {link.link_label: link.node for link in node.base.links.get_outgoing().all()}
    found: list[dict[str, Any]] = []
    before = None
    for index, step in enumerate(node.outputs.history["steps"]):
        spectra = node.outputs.steps[f"step_{index}"]
        ground, full = spectra["none"], spectra["full"]
        hole = compare(ground.energy, ground.intensity, np.interp(ground.energy, full.energy, full.intensity))
        step["hole_against_ground"] = {name: round(value, 4) for name, value in hole.items()}
        step["band_filling"] = children[f"step_{index}"].outputs.energies["band_filling"]
        if before is not None:
            step["broadened_change"] = {
                width: round(spectral_change(*(part for one in (before, full) for part in wider(one, width))), 3)
                for width in WIDTHS
            }
        found.append(step)
        before = full
    return {"pk": node.pk, "exit_status": node.exit_status, "steps": found}


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cutoff", type=float, default=36.0, help="of the wavefunctions in Ry")
    parser.add_argument("--cells", type=int, nargs="+", choices=list(CELLS), default=list(CELLS), help="by their atoms")
    arguments = parser.parse_args()
    from aiida import load_profile

    load_profile()
    node = run(arguments.cells, arguments.cutoff)
    print(json.dumps(report(node)), flush=True)


if __name__ == "__main__":
    main()
