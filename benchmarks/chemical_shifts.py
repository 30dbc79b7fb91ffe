"""Carbon K transition energies of molecules on the absolute axis, against measured ones: only shifts are compared.

    aiida-gbml launch core-hole-pseudos C N O H --run
    python benchmarks/chemical_shifts.py [--box 9] [--molecules CH4 C2H4 CO ...]

Runs in the user's profile, where the datasets are; repeated molecules come from the cache. One JSON line a molecule
with the calculated and the measured energy in eV of the first excitation, and one for all: ``offset`` is the mean
difference, ``mae`` the mean absolute deviation from it, ``mae_from_methane`` that of the shifts against CH4.

Geometries are those of ASE's G2 database. Measured: lowest resonance of gas-phase spectra, as collected by
A. P. Hitchcock & D. C. Mancini, J. Electron Spectrosc. Relat. Phenom. 67, 1 (1994), and by
D. Hait & M. Head-Gordon, J. Phys. Chem. Lett. 11, 775 (2020); methane: of the level 3s, 287.05 eV.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

MEASURED = {
    "CH4": 287.05,
    "C2H6": 286.9,
    "C2H4": 284.7,
    "C2H2": 285.9,
    "C6H6": 285.2,
    "HCN": 286.4,
    "H2CO": 285.6,
    "CH3OH": 288.0,
    "CO": 287.4,
    "CO2": 290.8,
}
"""In eV."""


def transition_energy(name: str, box: float) -> float:
    """Return the calculated energy in eV of the first carbon atom of a molecule."""
    from aiida import orm
    from ase.build import molecule

    from aiida_gbml.cli.foreground import run
    from aiida_gbml.cli.spectra_datasets import find_pairs, find_pseudos
    from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

    atoms = molecule(name)
    builder = CoreHoleSpectrumWorkChain.get_builder_from_protocol(
        orm.load_code("pw"),
        orm.load_code("xspectra"),
        orm.StructureData(ase=atoms),
        site=atoms.get_chemical_symbols().index("C"),
        treatments=("excited",),
        pairs=find_pairs([{"element": "C", "edge": "K"}], ["excited"])["C"],
        pseudos=find_pseudos(set(atoms.get_chemical_symbols()) - {"C"}, None),
        overrides={"cell": {"min_box": box}},
    )
    node = run(builder, "spectrum", "step")
    if not node.is_finished_ok:
        raise SystemExit(f"{name} failed: {node.exit_message}")
    return float(node.outputs.energies["transition_energy"])


def main() -> None:
    """Print one JSON line a molecule, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--box", type=float, default=9.0, help="least edge of the box in Å")
    parser.add_argument("--molecules", nargs="+", choices=list(MEASURED), default=list(MEASURED))
    arguments = parser.parse_args()
    from aiida import load_profile

    load_profile()
    differences: dict[str, Any] = {}
    for name in arguments.molecules:
        energy = transition_energy(name, arguments.box)
        differences[name] = energy - MEASURED[name]
        print(json.dumps({"molecule": name, "calculated": round(energy, 3), "measured": MEASURED[name]}), flush=True)
    values = np.array(list(differences.values()))
    found = {"n": len(values), "offset": values.mean(), "mae": np.abs(values - values.mean()).mean()}
    if "CH4" in differences and len(values) > 1:
        others = np.array([value for name, value in differences.items() if name != "CH4"])
        found["mae_from_methane"] = np.abs(others - differences["CH4"]).mean()
    print(json.dumps({name: round(float(value), 3) for name, value in found.items()}), flush=True)


if __name__ == "__main__":
    main()
