"""From the structures of a cheap engine to those that are worth an expensive one."""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.interfaces.basins import basin_labels
from aiida_gbml.science.interfaces.reference import BulkReference
from aiida_gbml.science.structure_set import NEW, StructureSet

_PASSED_ON = ("candidate", "translation", "translation_fraction", "gap", "termination", "n_removed")


def most_stable_basins(
    evaluated: StructureSet, reference: StructureSet, other_reference: StructureSet, n_basins: int
) -> StructureSet:
    """Return the most stable distinct structures, strained to the lattice of another engine.

    :param evaluated: with excess energies in J/m².
    :param reference: the crystal by the engine that has evaluated them.
    :param other_reference: the crystal by the engine that is to verify them.
    :param n_basins: how many.
    """
    n_boundaries = 2 if evaluated.pbc[:, 2].all() else 1
    energies = evaluated.columns["excess_energy"]
    labels = basin_labels(evaluated, energies, reference.to_ase(0), n_boundaries=n_boundaries, most=n_basins)
    founders = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    chosen = evaluated.take([rows[np.argmin(energies[rows])] for rows in founders])
    volumes = [BulkReference.from_evaluated(one).volume for one in (other_reference, reference)]
    scale = (volumes[0] / volumes[1]) ** (1 / 3)
    return StructureSet(
        cells=chosen.cells * scale,
        pbc=chosen.pbc,
        offsets=chosen.offsets,
        numbers=chosen.numbers,
        positions=chosen.positions * scale,
        columns={
            **{name: chosen.columns[name] for name in _PASSED_ON},
            "boundary_height": chosen.columns["boundary_height"] * scale,
            "screening_energy": chosen.columns["excess_energy"],
            "status": np.full(len(chosen), NEW),
        },
    )
