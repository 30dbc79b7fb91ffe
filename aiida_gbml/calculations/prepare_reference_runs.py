"""From a recipe to the runs of ``pw.x`` in which its datasets are tried."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import calcfunction
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import HOLES
from aiida_gbml.science.engines.upf import read_upf
from aiida_gbml.science.spectra.recipes import Recipe
from aiida_gbml.science.spectra.supercell import kpoint_mesh, site_supercell

_SHORTEST_IMAGE_DISTANCE = 3.5
"""Å between holes: in every reference crystal an atom with a hole then has whole ones of its kind around it."""

_METAL = {"occupations": "smearing", "smearing": "cold", "degauss": 0.02}  # Ry
_INSULATOR = {"occupations": "fixed"}


@calcfunction
def prepare_reference_runs(
    recipe: orm.Dict,
    parameters: orm.Dict,
    scales: orm.List,
    kpoints_distance: orm.Float,
    conv_thr_per_atom: orm.Float,
    **datasets: orm.Data,
) -> dict[str, orm.Data]:
    """Return the inputs of ``pw.x`` for a scan of the lattice constant, and for one crystal with a hole of each size.

    The scan has one mesh of k-points, so that its energies are comparable. Outputs: ``crystal_0``, ..., ``kpoints`` and
    ``parameters``; ``marked``, in which the atom of the hole is a kind of its own, with ``kpoints_marked``,
    ``parameters_half`` and ``parameters_full``.

    :param recipe: fields of a `Recipe`.
    :param parameters: namelists shared by all runs, without cutoffs and occupations.
    :param scales: factors on the lattice constant (dimensionless).
    :param kpoints_distance: largest distance between k-points in 1/Å.
    :param conv_thr_per_atom: convergence threshold in Ry an atom.
    :param datasets: what else decides about the cutoffs: recipes or pseudopotentials.
    """
    crystal = Recipe.from_mapping(recipe.get_dict()).crystal
    cell = crystal.atoms()
    marked = site_supercell(cell, 0, min_distance=_SHORTEST_IMAGE_DISTANCE)
    marked.atoms.set_tags([int(index == marked.absorber) for index in range(len(marked.atoms))])
    cutoffs = [_cutoffs(node) for node in (recipe, *datasets.values())]
    system = {
        "ecutwfc": max(wfc for wfc, _ in cutoffs),
        "ecutrho": max(rho for _, rho in cutoffs),
        **(_METAL if crystal.metallic else _INSULATOR),
    }

    def namelists(n_atoms: int, charge: float) -> orm.Dict:
        given: dict[str, Any] = parameters.get_dict()
        given["SYSTEM"] = {**system, **given.get("SYSTEM", {}), **({"tot_charge": charge} if charge else {})}
        given["ELECTRONS"] = {"conv_thr": n_atoms * conv_thr_per_atom.value, **given.get("ELECTRONS", {})}
        return orm.Dict(given)

    return {
        **{f"crystal_{i}": orm.StructureData(ase=crystal.atoms(scale)) for i, scale in enumerate(scales.get_list())},
        "kpoints": _mesh(cell, kpoints_distance.value),
        "parameters": namelists(len(cell), 0.0),
        "marked": orm.StructureData(ase=marked.atoms),
        "kpoints_marked": _mesh(marked.atoms, kpoints_distance.value),
        **{f"parameters_{size}": namelists(len(marked.atoms), removed) for size, removed in HOLES.items()},
    }


def _cutoffs(node: orm.Data) -> tuple[float, float]:
    """Return the cutoffs in Ry, of wave functions and density, that a recipe or a pseudopotential needs."""
    if isinstance(node, UpfData):
        upf = read_upf(node.get_content(mode="rb"))
        return upf.cutoff_wfc or 0.0, upf.cutoff_rho or 0.0
    recipe = Recipe.from_mapping(node.get_dict())
    return recipe.cutoff_wfc, recipe.cutoff_rho


def _mesh(atoms: Any, distance: float) -> orm.KpointsData:
    kpoints = orm.KpointsData()
    kpoints.set_kpoints_mesh(kpoint_mesh(atoms.cell.array, distance, atoms.pbc))
    return kpoints
