"""From a structure and a site to all that the programs are to compute for its spectrum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.marked_structure import atoms_with_origin, kind_origins, mark_absorbers, marked_kind
from aiida_gbml.science.spectra.treatments import ENERGY_RUNS, AbsorptionCell, scf_parameters, spectrum_run

if TYPE_CHECKING:
    from aiida_gbml.science.spectra.sites import Site
    from aiida_gbml.science.spectra.supercell import Supercell


@calcfunction
def plan_absorption(
    *,
    structure: orm.StructureData,
    site: orm.Int,
    edge: orm.Str,
    treatments: orm.List,
    cell: orm.Dict,
    polarisations: orm.Dict,
    alignment: orm.Str,
    electronic_type: orm.Str,
    kpoints_distance: orm.Float,
    spectrum_kpoints_distance: orm.Float,
    pw_parameters: orm.Dict,
    xspectra_parameters: orm.Dict,
    pair: CoreHolePairData,
    ground_state: orm.StructureData | None = None,
    **pseudos: orm.Data,
) -> dict[str, orm.Data] | ExitCode:
    """Return the cell around a site and the inputs of the programs.

    Outputs: ``supercell`` (unless the ground state brings one), ``absorber`` (its kind), ``scf_kpoints``,
    ``spectrum_kpoints``, ``directions``, ``parameters_<run>`` for each run of ``pw.x``, ``xspectra_parameters``, and
    the ``plan``: numbers that describe the site and its cell, the ``runs``, and where each spectrum ``starts``.

    :param structure: of the user.
    :param site: index of the absorbing atom in it, from 0.
    :param edge: K, L1, L2, L3 or L23.
    :param treatments: of the hole.
    :param cell: ``min_distance`` or ``matrix`` of a supercell, ``min_box`` of a molecule; Å.
    :param polarisations: see `science.spectra.directions`.
    :param alignment: total energies of the ground and the excited state are needed for 'transition_energy'.
    :param electronic_type: 'insulator' or 'metal'.
    :param kpoints_distance: of the self-consistent calculations in 1/Å.
    :param spectrum_kpoints_distance: of the spectrum in 1/Å.
    :param pw_parameters: namelists that all treatments share.
    :param xspectra_parameters: namelists of the spectrum.
    :param pair: ground state and hole of the absorbing element.
    :param ground_state: marked cell of a ground state that is computed already.
    :param pseudos: of the other elements, by chemical symbol.
    """
    try:
        own, supercell = _site(structure, site.value), _supercell(structure, site.value, cell.get_dict())
        given = mark_absorbers(structure, supercell.atoms, [supercell.absorber])
        marked = given if ground_state is None else ground_state
        settings = AbsorptionCell(
            absorber=marked_kind(supercell.atoms, marked, supercell.absorber),
            electrons=_electrons(supercell, pair, pseudos),
            is_insulator=electronic_type.value == "insulator",
            is_isolated=not any(structure.pbc),
            origins=kind_origins(structure, supercell.atoms, marked),
        )
        starts = {name: spectrum_run(name, is_isolated=settings.is_isolated) for name in treatments}
        runs = {*starts.values(), *(ENERGY_RUNS if alignment.value == "transition_energy" else ())}
        runs |= {"none"} if ground_state is not None else set()
        parameters = {
            f"parameters_{run}": orm.Dict(scf_parameters(pw_parameters.get_dict(), run, settings)) for run in runs
        }
        meshes = {
            "scf_kpoints": _mesh(supercell, kpoints_distance.value),
            "spectrum_kpoints": _mesh(supercell, spectrum_kpoints_distance.value),
        }
        directions = _directions(polarisations.get_dict(), own, supercell, meshes["spectrum_kpoints"])
    except ValueError as exception:
        return ExitCode(201, str(exception))
    described = _describe(structure, own, supercell, settings, meshes)
    names = {"edge": edge.value, "treatments": treatments.get_list(), "runs": sorted(runs), "starts": starts}
    plan = {**described, **directions, **names}
    return {
        **({"supercell": given} if ground_state is None else {}),
        **meshes,
        **parameters,
        "absorber": orm.Str(settings.absorber),
        "directions": orm.List(directions["directions"]),
        "xspectra_parameters": orm.Dict(_spectrum_parameters(xspectra_parameters.get_dict(), edge.value)),
        "plan": orm.Dict(plan),
    }


def _site(structure: orm.StructureData, index: int) -> Site:
    """Return what symmetry says about a site: rotations are those of this very one, not of another one equal to it."""
    from aiida_gbml.science.spectra.sites import check_structure, inequivalent_sites

    atoms = structure.get_ase()
    check_structure(atoms, site=index)
    order = [index, *(other for other in range(len(atoms)) if other != index)]
    kinds = [structure.sites[other].kind_name for other in order]
    first = next(site for site in inequivalent_sites(atoms[order], atoms.symbols[index], kinds) if site.index == 0)
    return replace(first, index=index, equivalent=tuple(sorted(order[other] for other in first.equivalent)))


def _supercell(structure: orm.StructureData, site: int, settings: dict[str, Any]) -> Supercell:
    """Return the cell around a site, whose atoms know from which atom of the structure they came."""
    from aiida_gbml.science.spectra.absorption_cell import absorption_cell

    return absorption_cell(atoms_with_origin(structure), site, settings)


def _electrons(supercell: Supercell, pair: CoreHolePairData, pseudos: dict[str, orm.Data]) -> float:
    """Return the valence electrons of the cell with the datasets of the ground state."""
    from aiida_gbml.science.engines.upf import read_upf

    valences = {symbol: read_upf(pseudo.get_content(mode="rb")).z_valence for symbol, pseudo in pseudos.items()}
    valences[pair.base.attributes.get("element")] = pair.base.attributes.get("z_valence_ground")
    return float(sum(valences[symbol] for symbol in supercell.atoms.symbols))


def _mesh(supercell: Supercell, distance: float) -> orm.KpointsData:
    """Return the mesh of k-points with Γ among them."""
    from aiida_gbml.science.spectra.supercell import kpoint_mesh

    atoms = supercell.atoms
    mesh = orm.KpointsData()
    mesh.set_kpoints_mesh(list(kpoint_mesh(atoms.cell.array, distance, atoms.pbc)))
    return mesh


def _directions(settings: dict[str, Any], site: Site, supercell: Supercell, kpoints: orm.KpointsData) -> dict[str, Any]:
    """Return the directions of polarisation, their weights, and the settings in words."""
    from aiida_gbml.science.spectra.directions import describe_polarisations, directions_of_site

    mesh = kpoints.get_kpoints_mesh()[0]
    chosen = directions_of_site(settings, site.rotations, supercell.atoms.cell.array, mesh)
    words = {"polarisation": describe_polarisations(settings), "is_powder": settings["mode"] == "powder"}
    return {"directions": chosen.vectors.tolist(), "weights": chosen.weights.tolist(), **words}


def _describe(
    structure: orm.StructureData,
    site: Site,
    supercell: Supercell,
    settings: AbsorptionCell,
    meshes: dict[str, orm.KpointsData],
) -> dict[str, Any]:
    """Return the numbers that describe a site and its cell."""
    return {
        "element": site.element,
        "site": site.index,
        "multiplicity": site.multiplicity,
        "equivalent": list(site.equivalent),
        "symmetry": site.symmetry,
        "formula": structure.get_formula("hill_compact"),
        "matrix": supercell.matrix.tolist(),
        "n_atoms": len(supercell.atoms),
        "image_distance": supercell.distance,
        "absorber_index": supercell.absorber,
        "absorber_kind": settings.absorber,
        "electrons": settings.electrons,
        "is_insulator": settings.is_insulator,
        "is_isolated": settings.is_isolated,
        **{name: mesh.get_kpoints_mesh()[0] for name, mesh in meshes.items()},
    }


def _spectrum_parameters(parameters: dict[str, Any], edge: str) -> dict[str, Any]:
    """Return the namelists of ``xspectra.x`` for an edge."""
    settings = {"calculation": "xanes_dipole", **parameters.get("INPUT_XSPECTRA", {}), "edge": edge}
    return {**parameters, "INPUT_XSPECTRA": settings}
