"""What a dataset of spectra would take, said without computing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.spectra_configuration import wanted_edges, wanted_recipes
from aiida_gbml.cli.spectra_datasets import find_pairs, find_pseudos

if TYPE_CHECKING:
    from ase import Atoms

    from aiida_gbml.science.structure_set import StructureSet

_AN_HOUR = 3600  # s
MOST_ROWS = 20
"""Structures that are listed."""


@dataclass(frozen=True)
class Dataset:
    """What the cost depends on of a pseudopotential.

    :param valence: electrons of an atom.
    :param cutoff: of the wave functions in Ry, none when nobody recommends one.
    """

    valence: float
    cutoff: float | None


@dataclass(frozen=True)
class Estimate:
    """What one structure takes.

    :param sites: number of inequivalent sites by edge, such as ``O K``, with the number of atoms they stand for.
    :param n_atoms: of the supercell.
    :param distance: of the images of a core hole in Å.
    :param n_grounds: ground states that the sites share.
    :param seconds: CPU seconds, none when a pseudopotential is not known.
    """

    sites: Mapping[str, tuple[int, int]]
    n_atoms: int
    distance: float
    n_grounds: int
    seconds: float | None


def describe(settings: Mapping[str, Any], content: StructureSet) -> str:
    """Return the sites, supercells and costs of all structures as a table, and which pseudopotentials are there.

    :param settings: see :mod:`aiida_gbml.cli.spectra_configuration`.
    :param content: the structures.
    :raises ValueError: when a structure or a setting makes no sense, in one sentence.
    """
    from ase.symbols import Symbols
    from tabulate import tabulate

    from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

    inputs = CoreHoleSpectrumWorkChain.get_protocol_inputs(settings.get("protocol"), settings.get("overrides", {}))
    edges, treatments = wanted_edges(settings), settings.get("treatments") or ["full"]
    elements = sorted(set(Symbols(content.numbers)))
    absent = sorted({one["element"] for one in edges} - set(elements))
    if absent:
        raise ConfigurationError(f"no structure has {', '.join(absent)}; the elements are {', '.join(elements)}")
    wanted_recipes(settings, elements)
    datasets, words = _datasets(settings, elements, edges, treatments)
    found = [_estimate(atoms, edges, treatments, inputs, datasets) for atoms in content]
    rows = [
        _row(str(label), one) for label, one in zip(content.columns["structure_label"][:MOST_ROWS], found, strict=False)
    ]
    lines = [tabulate(rows, headers="keys", disable_numparse=True)]
    if len(found) > MOST_ROWS:
        lines.append(f"... and {len(found) - MOST_ROWS} more structures")
    n_sites = sum(count for one in found for count, _ in one.sites.values())
    n_spectra = n_sites * len(treatments)
    told = f"{n_sites} site{'s' if n_sites > 1 else ''}, {n_spectra} spectr{'a' if n_spectra > 1 else 'um'}"
    lines += ["", f"{told}, about {_cost([one.seconds for one in found])}", *words]
    return "\n".join(lines)


def _estimate(
    atoms: Atoms,
    edges: Sequence[Mapping[str, str]],
    treatments: Sequence[str],
    inputs: Mapping[str, Any],
    datasets: Mapping[str, Dataset | None],
) -> Estimate:
    """Return what one structure takes."""
    from aiida_gbml.calculations.select_sites import MOST_KINDS
    from aiida_gbml.science.spectra.absorption_cell import absorption_cell
    from aiida_gbml.science.spectra.cost import site_seconds
    from aiida_gbml.science.spectra.directions import directions_of_site
    from aiida_gbml.science.spectra.sites import inequivalent_sites
    from aiida_gbml.science.spectra.supercell import kpoint_mesh

    symbols = set(atoms.get_chemical_symbols())
    sites = {
        f"{one['element']} {one['edge']}": inequivalent_sites(atoms, one["element"])
        for one in edges
        if one["element"] in symbols
    }
    supercell = absorption_cell(atoms, 0, inputs["cell"])
    absorbers = {site.index for own in sites.values() for site in own}
    n_grounds = -(-len(absorbers) // max(MOST_KINDS - len(symbols), 1))
    cell = _cell(supercell.atoms, inputs, datasets)
    seconds = None if cell is None else n_grounds * cell.scf_seconds
    lattice = supercell.atoms.cell.array
    mesh = kpoint_mesh(lattice, inputs["spectrum_kpoints_distance"], atoms.pbc)
    for site in (site for own in sites.values() for site in own):
        vectors = directions_of_site(inputs["polarisations"], site.rotations, lattice, mesh).vectors
        is_absolute = inputs["alignment"] == "transition_energy"
        if cell is not None and seconds is not None:
            seconds += site_seconds(cell, list(treatments), len(vectors), is_absolute=is_absolute)
    counts = {name: (len(own), sum(site.multiplicity for site in own)) for name, own in sites.items()}
    return Estimate(counts, len(supercell.atoms), supercell.distance, n_grounds, seconds)


def _cell(atoms: Atoms, inputs: Mapping[str, Any], datasets: Mapping[str, Dataset | None]) -> Any:
    """Return what the cost of a supercell depends on, none when a pseudopotential or a cutoff is not known."""
    from aiida_gbml.science.spectra.cost import Cell
    from aiida_gbml.science.spectra.supercell import kpoint_mesh

    own = [datasets[symbol] for symbol in atoms.get_chemical_symbols()]
    known = [one for one in own if one is not None]
    given = inputs["pw"]["pw"]["parameters"].get("SYSTEM", {}).get("ecutwfc")
    cutoff = given or max((one.cutoff or 0.0 for one in known), default=0.0)
    if len(known) < len(own) or not cutoff:
        return None
    scf, spectrum = (
        prod(kpoint_mesh(atoms.cell.array, inputs[name], atoms.pbc))
        for name in ("kpoints_distance", "spectrum_kpoints_distance")
    )
    # k and -k are one for pw.x
    return Cell(atoms.get_volume(), sum(one.valence for one in known), cutoff, (scf + 1) // 2, spectrum)


def _datasets(
    settings: Mapping[str, Any], elements: Sequence[str], edges: Sequence[Mapping[str, str]], treatments: Sequence[str]
) -> tuple[dict[str, Dataset | None], list[str]]:
    """Return the pseudopotential of each element, that of a recipe where none is stored, and what is there in words."""
    found: dict[str, Dataset | None] = {}
    words = []
    for element in elements:
        own = [one for one in edges if one["element"] == element]
        try:
            found[element], text = _stored(settings, element, own, treatments)
        except ConfigurationError as exception:
            found[element], text = _of_recipe(element, settings.get("recipes", {}).get(element)), str(exception)
        words.append(f"{element}: {text}")
    return found, words


def _stored(
    settings: Mapping[str, Any], element: str, edges: Sequence[Mapping[str, str]], treatments: Sequence[str]
) -> tuple[Dataset, str]:
    """Return the pseudopotential of an element that a dataset would take."""
    from aiida_gbml.science.engines.upf import read_upf

    if edges:
        accepts = bool(settings.get("accept_failed_pseudos"))
        recipes = settings.get("recipes")
        pair = find_pairs(edges, treatments, accept_failed=accepts, recipes=recipes)[element]["full"]
        known = pair.base.attributes.all
        by = f" by the recipe {known['recipe']}" if known["recipe"] else ""
        return Dataset(known["z_valence_ground"], known["cutoff_wfc"]), f"pair {pair.pk}{by}, hole in {known['shell']}"
    pseudo: Any = find_pseudos([element], settings.get("pseudo_family"), settings.get("recipes"))[element]
    upf = read_upf(pseudo.get_content(mode="rb"))
    return Dataset(upf.z_valence, upf.cutoff_wfc), f"pseudopotential {pseudo.pk}"


def _of_recipe(element: str, name: str | None) -> Dataset | None:
    """Return what the recipe of an element, or the one of a name, would make; none without a recipe."""
    from aiida_gbml.science.spectra.recipes import recipes

    own = [recipe for recipe in recipes().values() if recipe.element == element and name in (None, recipe.name)]
    return Dataset(own[0].z_valence, own[0].cutoff_wfc) if own else None


def _row(label: str, one: Estimate) -> dict[str, str]:
    return {
        "structure": label,
        "sites": ", ".join(f"{name}: {count} for {atoms} atoms" for name, (count, atoms) in one.sites.items()),
        "atoms in the cell": str(one.n_atoms),
        "images (Å)": f"{one.distance:.1f}",
        "ground states": str(one.n_grounds),
        "cost": _cost([one.seconds]),
    }


def _cost(seconds: Sequence[float | None]) -> str:
    """Return an order of magnitude in words."""
    known = [one for one in seconds if one is not None]
    if len(known) < len(seconds):
        return "unknown cost"
    total = max(sum(known), 1.0)
    if total >= _AN_HOUR:
        return f"{total / _AN_HOUR:.1f} core hours"
    return f"{total:.0f} CPU second{'s' if total >= 1.5 else ''}"
