"""What a search has found: as a function, and as the task of a worker when the grid is large."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from aiida_gbml.science.archive import Array, write_arrays
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.settings import SaddleStrategy
from aiida_gbml.science.compounds.potential_surface.summary import Landscape, describe
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.science.task import main

_TOLD = ("mobile", "engine", "level_of_theory")
_NEEDED = {*_TOLD, "strategy", "seed", "temperature", "attempt_frequency"}


def analyse(
    host: StructureSet, grid: SiteGrid, known: SiteEnergies, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return a flat summary of JSON values, and the arrays of the surface and of the lowest path.

    :param host: the crystal, the only row.
    :param grid: the points.
    :param known: every energy that is known, at least one of them a number.
    :param parameters: ``strategy`` and ``seed`` of the search, ``temperature`` (K) and ``attempt_frequency`` (1/s) of
        the jump rate, and for the summary ``mobile``, ``engine`` and ``level_of_theory``.
    :raises ValueError: for parameters that make no sense, and when no evaluation has succeeded, in one sentence.
    """
    missing = _NEEDED - set(parameters)
    if missing:
        raise ValueError(f"the parameters of the analysis lack {', '.join(sorted(missing))}")
    atoms = host.to_ase(0)
    settings = SaddleStrategy.from_dict(parameters["strategy"]).settings
    landscape = Landscape.of(atoms, grid, known, settings, parameters["seed"])
    summary, arrays = describe(landscape, known, parameters["temperature"], parameters["attempt_frequency"])
    told = {name: parameters[name] for name in _TOLD}
    return {**summary, "host": atoms.get_chemical_formula(), **told}, arrays


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Analyse as the task of a worker: the arguments of :func:`analyse` as bytes.

    :param inputs: ``host``, ``sites`` and ``observations``.
    """
    summary, arrays = analyse(
        StructureSet.from_bytes(inputs["host"]),
        SiteGrid.from_bytes(inputs["sites"]),
        SiteEnergies.from_bytes(inputs["observations"]),
        parameters,
    )
    return {"summary": write_json(summary), "surface": write_arrays(arrays)}


if __name__ == "__main__":
    sys.exit(main(run))
