"""Small hosts of a mobile atom, and energies that have their symmetry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import ProcessBuilder
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal
from searches import EmtEvaluationWorkChain

from aiida_gbml.workflows.compounds.potential_surface import PotentialSurfaceWorkChain

PALLADIUM = {"spacing": 0.3, "min_distance_ratio": 0.75}
"""A grid over palladium of few points."""

HOSTS = {
    "simple cubic": lambda: bulk("Po", "sc", a=3.4),
    "face-centred": lambda: bulk("Ni", "fcc", a=3.52),
    "body-centred": lambda: bulk("Fe", "bcc", a=2.87),
    "hexagonal": lambda: bulk("Mg", "hcp", a=3.21, c=5.21),
    "rocksalt": lambda: bulk("MgO", "rocksalt", a=4.21),
    "screw axes": lambda: crystal(
        ("Si", "O"),
        [(0.4697, 0, 0), (0.4135, 0.2669, 0.1191)],
        spacegroup=152,
        cellpar=[4.916, 4.916, 5.405, 90, 90, 120],
    ),
    "centre off the origin": lambda: shifted(bulk("MgO", "rocksalt", a=4.21, cubic=True), (0.13, 0.27, 0.38)),
    "no symmetry": lambda: Atoms(
        "HeNe", scaled_positions=[(0.1, 0.2, 0.3), (0.55, 0.7, 0.64)], cell=[(4, 0, 0), (0.7, 4.4, 0), (0.3, 0.9, 4.9)],
        pbc=True,
    ),
}  # fmt: skip


QUICK = {"n_initial": 4, "patience": 2, "n_draws": 6, "tolerance": 0.05, "confidence": 0.5}
"""A strategy that soon believes itself."""


def shifted(atoms: Atoms, fractions: tuple[float, float, float]) -> Atoms:
    """Return atoms moved by fractions of their cell."""
    atoms.positions += np.array(fractions) @ atoms.cell.array
    atoms.wrap()
    return atoms


def repulsion(host: Atoms, positions: np.ndarray, length: float = 0.5) -> np.ndarray:
    """Return (n,) energies in eV of a repelled atom: 20 exp(-r / length) a pair, longer for heavier elements."""
    images = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) @ host.cell.array
    wrapped = (positions @ np.linalg.inv(host.cell.array) % 1.0) @ host.cell.array
    energies = np.zeros(len(positions))
    for number, place in zip(host.numbers, host.positions, strict=True):
        distances = np.linalg.norm(wrapped[:, None] - (place + images)[None], axis=2)
        energies += np.sum(20 * np.exp(-distances / (length + 0.005 * number)), axis=1)
    return energies


def surface_builder(engine: Mapping[str, Any] | None = None, **overrides: Any) -> ProcessBuilder:
    """Return the builder of a search for the path of hydrogen in palladium, with effective-medium theory.

    :param engine: inputs of the engine.
    :param overrides: of the protocol.
    """
    settings = {
        "grid": PALLADIUM,
        "supercell": [1, 1, 1],
        "strategy": QUICK,
        "batch_size": 6,
        **overrides,
    }
    return PotentialSurfaceWorkChain.get_builder_from_protocol(
        orm.StructureData(ase=bulk("Pd", a=3.89)),
        "H",
        EmtEvaluationWorkChain.get_builder_from_protocol(None, None, **(engine or {})),
        overrides=settings,
    )
