"""From a row of a set to the sites that absorb, in cells of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.marked_structure import atoms_with_origin, mark_absorbers
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.spectra.identity import formula_of, settings_key, structure_key

if TYPE_CHECKING:
    from ase import Atoms

    from aiida_gbml.science.structure_set import StructureSet

MOST_KINDS = 10
"""Kinds of atoms that ``pw.x`` takes (``ntypx``)."""

_PASSED_ON = ("structure_uuid", "structure_label", "excess_energy", "is_bulk_reference")


@calcfunction
def select_sites(
    *,
    structures: StructureSetData,
    row: orm.Int,
    edges: orm.List,
    treatments: orm.List,
    cell: orm.Dict,
    settings: orm.Dict,
) -> dict[str, orm.Data]:
    """Return a ``structure`` with its ``sites``, and the cells of its ground state ``cell_0``, ``cell_1``, ...

    In a cell several absorbing atoms have a kind of their own, as many as ``pw.x`` has kinds for. When the structure
    cannot be computed there is no cell, and ``sites`` holds the ``reason``.

    :param structures: the set; its columns ``structure_label`` and ``is_bulk_reference`` and its atom column
        ``distance_from_boundary`` (Å) go on to the sites.
    :param row: index of the structure in the set, from 0.
    :param edges: mappings of ``element`` and ``edge``.
    :param treatments: of the hole.
    :param cell: ``min_distance`` or ``matrix`` of a supercell, ``min_box`` of a molecule; Å.
    :param settings: output of :func:`identify_settings`.
    """
    atoms = structures.structures.to_ase(row.value)
    structure = orm.StructureData(ase=atoms)
    reason, cells = "", []
    try:
        sites = _sites(atoms, edges.get_list())
        cells = _cells(structure, sites, cell.get_dict())
    except ValueError as exception:
        reason, sites = str(exception), _unknown_sites(atoms, edges.get_list())
    for site in sites:
        names = atoms.get_chemical_symbols()
        site["label"] = f"site_{row.value:05d}_{site['element']}_{site['edge']}_{site['site']:04d}"
        site["distance_from_boundary"] = _distance(structures.structures, row.value, site["site"])
        site["keys"] = {one: settings_key(settings.get_dict(), names, site["element"], one) for one in treatments}
    told = {
        "formula": formula_of(atoms),
        "structure_md5": structure_key(atoms),
        "structure_uuid": structure.uuid,
        "structure_label": formula_of(atoms),
        **_columns(structures.structures, row.value),
    }
    outputs = {"structure": structure, "sites": orm.Dict({"columns": told, "sites": sites, "reason": reason})}
    return {**outputs, **{f"cell_{number}": marked for number, marked in enumerate(cells)}}


def _sites(atoms: Atoms, edges: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the sites of all edges whose element the structure has."""
    from aiida_gbml.science.spectra.sites import check_structure, inequivalent_sites

    check_structure(atoms)
    present = set(atoms.get_chemical_symbols())
    return [
        {
            "element": site.element,
            "edge": one["edge"],
            "site": site.index,
            "multiplicity": site.multiplicity,
            "symmetry": site.symmetry,
        }
        for one in edges
        if one["element"] in present
        for site in inequivalent_sites(atoms, one["element"])
    ]


def _unknown_sites(atoms: Atoms, edges: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the first atom of each element as if it stood for all: the row that tells why there is no spectrum."""
    symbols = atoms.get_chemical_symbols()
    return [
        {**one, "site": symbols.index(one["element"]), "multiplicity": symbols.count(one["element"]), "symmetry": ""}
        for one in edges
        if one["element"] in symbols
    ]


def _cells(
    structure: orm.StructureData, sites: list[dict[str, Any]], settings: Mapping[str, Any]
) -> list[orm.StructureData]:
    """Return the marked cells, and tell each site its ``group``: the number of its cell."""
    from aiida_gbml.science.spectra.absorption_cell import absorption_cell

    if not sites:
        return []
    atoms = absorption_cell(atoms_with_origin(structure), sites[0]["site"], settings).atoms
    absorbers = sorted({site["site"] for site in sites})
    room = MOST_KINDS - len(structure.kinds)
    if room < 1:
        raise ValueError(f"{structure.get_formula()} has {len(structure.kinds)} kinds, and pw.x takes {MOST_KINDS}")
    groups = [absorbers[start : start + room] for start in range(0, len(absorbers), room)]
    for site in sites:
        site["group"] = next(number for number, group in enumerate(groups) if site["site"] in group)
    return [mark_absorbers(structure, atoms, group) for group in groups]


def _columns(structures: StructureSet, row: int) -> dict[str, Any]:
    """Return what the set knows of a structure; a number that is not defined is left out."""
    found = {name: structures.columns[name][row].item() for name in _PASSED_ON if name in structures.columns}
    return {name: value for name, value in found.items() if value == value}  # noqa: PLR0124


def _distance(structures: StructureSet, row: int, site: int) -> float | None:
    """Return the distance of a site from the nearest boundary in Å, none where there is no boundary."""
    column = structures.atom_columns.get("distance_from_boundary")
    if column is None or np.isnan(column[structures.offsets[row] + site]):
        return None
    return float(column[structures.offsets[row] + site])
