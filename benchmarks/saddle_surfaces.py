"""Energy surfaces of mobile atoms, made with LAMMPS: every irreducible point of a grid in a fixed host."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.spacegroup import crystal

from aiida_gbml.cli.potentials import find
from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.structures import build
from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsSettings, run_batch


@dataclass(frozen=True)
class Surface:
    """A mobile atom in a host, and the potential between them.

    :param host: returns the crystal.
    :param mobile: the element that moves.
    :param grid: fields of `GridSpec`.
    :param supercell: cells of the host in a calculation.
    :param potential: fields of `LammpsPotential`.
    :param is_held_out: whether no setting of the search was chosen by looking at it.
    """

    host: Callable[[], Atoms]
    mobile: str
    grid: dict[str, Any]
    supercell: tuple[int, int, int]
    potential: dict[str, Any]
    is_held_out: bool = False
    files: tuple[str, ...] = field(default=())


def nickel_aluminide() -> Atoms:
    """Return Ni3Al, an ordered alloy: octahedra of six nickel atoms beside those of four nickel and two aluminium."""
    return crystal(("Al", "Ni"), [(0, 0, 0), (0, 0.5, 0.5)], spacegroup=221, cellpar=[3.57] * 3 + [90] * 3)


def magnesia() -> Atoms:
    """Return MgO, its primitive cell."""
    return crystal(
        ("Mg", "O"), [(0, 0, 0), (0.5, 0.5, 0.5)], spacegroup=225, cellpar=[4.212] * 3 + [90] * 3, primitive_cell=True
    )


def quartz() -> Atoms:
    """Return alpha quartz (Levien et al. 1980), with channels along c."""
    return crystal(
        ("Si", "O"),
        [(0.4697, 0, 0), (0.4135, 0.2669, 0.1191)],
        spacegroup=152,
        cellpar=[4.916, 4.916, 5.405, 90, 90, 120],
    )


def perovskite() -> Atoms:
    """Return CaTiO3 (Pnma, Sasaki et al. 1987), with tilted octahedra and two kinds of oxygen."""
    return crystal(
        ("Ca", "Ti", "O", "O"),
        [(0.0360, 0.25, 0.9933), (0.5, 0, 0), (0.4838, 0.25, 0.0714), (0.2888, 0.0371, 0.7108)],
        spacegroup=62,
        cellpar=[5.4423, 7.6401, 5.3796, 90, 90, 90],
    )


def rutile() -> Atoms:
    """Return TiO2, with channels along c."""
    return crystal(
        ("Ti", "O"), [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136, cellpar=[4.594, 4.594, 2.959, 90, 90, 90]
    )


_PROTON = ("H O 311.97 0.25 0.0", "H H 0.0 1.0 0.0")

SURFACES = {
    "hydrogen in Ni3Al": Surface(
        nickel_aluminide,
        "H",
        {"spacing": 0.09},
        (2, 2, 2),
        LammpsPotential.from_file_name("NiAlH_jea.eam.alloy").to_dict(),
    ),
    "proton in MgO": Surface(
        magnesia,
        "H",
        {"spacing": 0.08},
        (2, 2, 2),
        {
            "pair_style": "buck/coul/long 6.0",
            "pair_coeff": [
                "Mg Mg 0.0 1.0 0.0",
                "Mg O 821.6 0.3242 0.0",
                "O O 22764.0 0.149 27.88",
                "H Mg 0.0 1.0 0.0",
                *_PROTON,
            ],
            "charges": {"Mg": 2.0, "O": -2.0, "H": 1.0},
            "kspace_style": "ewald 1e-6",
        },
    ),
    "sodium in quartz": Surface(
        quartz,
        "Na",
        {"spacing": 0.15, "min_distances": {"O": 1.5, "Si": 1.5}},
        (2, 2, 1),
        {
            "pair_style": "buck/coul/long 8.0",
            "pair_coeff": [
                "Si Si 0.0 1.0 0.0",
                "Si O 13702.905 0.193817 54.681",
                "O O 2029.2204 0.343645 192.58",
                "Na O 4383.7555 0.243838 30.70",
                "Na Si 0.0 1.0 0.0",
                "Na Na 0.0 1.0 0.0",
            ],
            "charges": {"Si": 2.4, "O": -1.2, "Na": 0.6},
            "kspace_style": "ewald 1e-6",
        },
        is_held_out=True,
    ),
    "proton in CaTiO3": Surface(
        perovskite,
        "H",
        {"spacing": 0.25},
        (1, 1, 1),
        {
            "pair_style": "buck/coul/long 8.0",
            "pair_coeff": [
                "Ca Ca 0.0 1.0 0.0",
                "Ca Ti 0.0 1.0 0.0",
                "Ti Ti 0.0 1.0 0.0",
                "Ca O 1090.4 0.3437 0.0",
                "Ti O 754.2 0.3879 0.0",
                "O O 22764.0 0.149 27.88",
                "H Ca 0.0 1.0 0.0",
                "H Ti 0.0 1.0 0.0",
                *_PROTON,
            ],
            "charges": {"Ca": 2.0, "Ti": 4.0, "O": -2.0, "H": 1.0},
            "kspace_style": "ewald 1e-6",
        },
        is_held_out=True,
    ),
    "lithium in rutile": Surface(
        rutile,
        "Li",
        {"spacing": 0.07},
        (2, 2, 2),
        {
            "pair_style": "buck/coul/long 8.0",
            "pair_coeff": [
                "Ti Ti 0.0 1.0 0.0",
                "Ti O 754.2 0.3879 0.0",
                "O O 22764.0 0.149 27.88",
                "Li O 262.54 0.3476 0.0",
                "Li Ti 0.0 1.0 0.0",
                "Li Li 0.0 1.0 0.0",
            ],
            "charges": {"Ti": 4.0, "O": -2.0, "Li": 1.0},
            "kspace_style": "ewald 1e-6",
        },
        is_held_out=True,
    ),
}
# Rigid ions. MgO, CaTiO3, TiO2 and lithium: Lewis & Catlow (1985); quartz and sodium: Teter's potentials; the repulsion
# of a proton: that between hydrogen and the oxygen of another molecule in the zeolites of Schroeder et al. (1992).


def surface_grid(surface: Surface) -> SiteGrid:
    """Return the grid of a surface."""
    return SiteGrid.of(surface.host(), surface.mobile, GridSpec.from_dict(surface.grid))


def energies_of(surface: Surface, grid: SiteGrid) -> Array:
    """Return the (n,) energies in eV of all points of the grid, NaN where LAMMPS gave none."""
    program = shutil.which("lmp")
    if program is None:
        raise SystemExit("`lmp` is not on PATH")
    potential = LammpsPotential.from_dict(surface.potential)
    structures = build(surface.host(), surface.mobile, grid, np.arange(len(grid)), supercell=surface.supercell)
    files = {name: find(name).read_bytes() for name in potential.files}
    with tempfile.TemporaryDirectory() as folder:
        evaluated = run_batch(
            program, structures, potential, LammpsSettings(), potential_files=files, folder=Path(folder) / "lammps"
        )
    energies: Array = np.where(evaluated.columns["status"] == "ok", evaluated.columns["energy"], np.nan)
    return energies
