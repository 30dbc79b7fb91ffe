"""Titanates of alkaline earths as rigid ions: CaTiO3, SrTiO3 and BaTiO3 are perovskites, MgTiO3 is none."""

from __future__ import annotations

from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal

# G. V. Lewis and C. R. A. Catlow, J. Phys. C 18, 1149 (1985): A (eV), rho (Å), C (eV Å^6)
POTENTIAL = {
    "pair_style": "buck/coul/long 8.0",
    "pair_coeff": [
        "* * 0.0 1.0 0.0",
        "Mg O 821.6 0.3242 0.0",
        "Ca O 1228.9 0.3372 0.0",
        "Sr O 1400.0 0.3500 0.0",
        "Ba O 931.7 0.3949 0.0",
        "Ti O 754.2 0.3879 0.0",
        "O O 22764.0 0.149 27.88",
    ],
    "charges": {"Mg": 2.0, "Ca": 2.0, "Sr": 2.0, "Ba": 2.0, "Ti": 4.0, "O": -2.0},
    "kspace_style": "ewald 1e-5",
}

RANKED = ("BaTiO3", "NaCl", "CaTiO3", "MgTiO3", "SrTiO3")


def perovskite() -> Atoms:
    """Return strontium titanate; lengths in Å."""
    sites = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)]
    return crystal(["Sr", "Ti", "O"], sites, spacegroup=221, cellpar=[3.905] * 3 + [90] * 3)


def oxides() -> list[Atoms]:
    """Return rock salts and rutile, of which titanates are made."""
    rutile = crystal(
        ["Ti", "O"], [(0, 0, 0), (0.3053, 0.3053, 0)], spacegroup=136, cellpar=[4.594, 4.594, 2.959, 90, 90, 90]
    )
    lattices = {"MgO": 4.212, "CaO": 4.811, "SrO": 5.160, "BaO": 5.523}
    return [*(bulk(name, "rocksalt", a=length) for name, length in lattices.items()), rutile]
