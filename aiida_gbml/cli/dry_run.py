"""What a search would do, said without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.cli.configuration import overrides_of, read_crystal
from aiida_gbml.cli.potentials import check_potential
from aiida_gbml.science.interfaces import sanity
from aiida_gbml.science.interfaces.problem import SearchProblem, standard_bulk

if TYPE_CHECKING:
    from aiida_gbml.science.interfaces.candidates import CandidateSet

_AN_HOUR = 3600  # s


def describe(settings: Mapping[str, Any]) -> str:
    """Return the boundary, its cell, its candidates before and after symmetry, their sanity and a rough cost.

    :param settings: of a configuration, see :func:`aiida_gbml.cli.configuration.read`.
    :raises ValueError: when there is no such search, in one sentence.
    """
    from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

    inputs = GrainBoundarySearchWorkChain.get_protocol_inputs(settings.get("protocol"), overrides_of(settings))
    GrainBoundarySearchWorkChain.get_setting_nodes(inputs)  # or they are refused
    for engine in ("engine", "verification"):
        check_potential(settings.get(engine, {}))
    bulk = standard_bulk(read_crystal(settings.get("crystal")))
    problem = SearchProblem.from_inputs(bulk, settings.get("boundary", {}), inputs["space"])
    candidates = problem.candidates()
    bicrystal = problem.bicrystal
    equivalent = "" if bicrystal.boundaries_equivalent else " that differ: the energy is their mean, or take a slab"
    n_atoms = int(problem.build(candidates, [0]).sizes[0])
    budget = min(inputs["budget"] or len(candidates), len(candidates))
    lines = {
        "boundary": str(bicrystal.boundary),
        "cell": f"{n_atoms} atoms, boundaries: {bicrystal.n_boundaries} of {bicrystal.area:.2f} Å²{equivalent}",
        "candidates": f"{len(candidates)}, {candidates.n_before} before the reduction by symmetry",
        "symmetry": f"{len(candidates.group)} operations beside the lattice of translations",
        **_sanity(problem, candidates),
        "engine": _cost(settings.get("engine", {}), n_atoms, budget),
    }
    if "verification" in settings:
        n_basins = settings["verification"].get("n_basins", inputs["verification"]["n_basins"])
        lines["verification"] = _cost(settings["verification"], n_atoms, n_basins)
    return "\n".join(f"{name:<14}{text}" for name, text in lines.items())


def _sanity(problem: SearchProblem, candidates: CandidateSet) -> dict[str, str]:
    """Return the range of the closest pairs of all candidates, and density, stoichiometry and mismatch of the first.

    Pairs are counted before atoms are removed.
    """
    columns = (candidates.translations, candidates.gaps, candidates.terminations, candidates.n_removed)
    bicrystal = problem.bicrystal
    first = sanity.report(bicrystal.build(*(column[0] for column in columns)), bicrystal)
    contacts = np.empty(len(candidates))
    for index in np.unique(candidates.terminations).tolist():
        own = candidates.terminations == index
        contacts[own] = bicrystal.contacts(candidates.translations[own], candidates.gaps[own], index)
    kind = "stoichiometric" if first.stoichiometric else "not stoichiometric"
    charge = "" if first.net_charge is None else f", net charge {first.net_charge:+g} e"
    return {
        "closest pair": f"{contacts.min():.2f} to {contacts.max():.2f} Å (bulk {bicrystal.crystal.bond_length:.2f} Å)",
        "density": f"{first.density:.2f} g/cm³, {first.density_ratio:.2f} of the bulk",
        "composition": f"{kind}{charge}, lattice mismatch {first.lattice_mismatch:.1e}",
    }


def _cost(engine: Mapping[str, Any], n_atoms: int, n_relaxations: int) -> str:
    """Return an order of magnitude in words, from relaxations of copper (EAM) and aluminium (light pw.x inputs)."""
    name = engine.get("name", "lammps")
    seconds = {"lammps": 6e-4 * n_atoms, "pw": 180.0 * (n_atoms / 20) ** 2.5}.get(name)
    if seconds is None:
        return f"{name}: up to {n_relaxations} relaxations of unknown cost"
    total = seconds * n_relaxations
    cost = f"{max(total, 1):.0f} CPU seconds" if total < _AN_HOUR else f"{total / _AN_HOUR:.0f} CPU hours"
    return f"{name}: up to {n_relaxations} relaxations, about {cost}"
