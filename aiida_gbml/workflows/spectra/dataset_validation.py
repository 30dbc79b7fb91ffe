"""What is refused before a dataset of spectra is stored: each validator returns one sentence, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiida import orm
from ase.symbols import Symbols

from aiida_gbml.science.spectra.pair import EDGES
from aiida_gbml.workflows.spectra.validation import validate_spectrum

_SYMBOL = re.compile(r"[A-Z][a-z]?")
_SAME_STEP = 1e-6  # eV

Namespace = Mapping[str, Any]


def validate_edges(value: orm.List, _: Any) -> str | None:
    """Refuse edges that are not a list of an element and an edge each."""
    edges = value.get_list()
    if not edges:
        return "`edges` is empty: name at least one element and edge, such as {'element': 'O', 'edge': 'K'}"
    for one in edges:
        if not isinstance(one, dict) or set(one) != {"element", "edge"}:
            return f"an edge is a mapping of `element` and `edge`, got {one!r}"
        if not (isinstance(one["element"], str) and _SYMBOL.fullmatch(one["element"])):
            return f"{one['element']!r} is no symbol of an element"
        if one["edge"] not in EDGES:
            return f"there is no edge {one['edge']!r}, expected one of {', '.join(EDGES)}"
    if len({(one["element"], one["edge"]) for one in edges}) < len(edges):
        return f"an edge stands twice in {edges}"
    return None


def validate_dataset(value: Namespace, _: Any) -> str | None:
    """Refuse structures, edges, pairs and pseudopotentials that do not fit each other."""
    if any(name not in value for name in ("structures", "edges", "treatments", "pairs", "site")):
        return None  # the ports themselves say what is missing
    for check in (_check_elements, _check_pairs, _check_sites, _check_extended):
        complaint = check(value)
        if complaint:
            return complaint
    return None


def _check_elements(value: Namespace) -> str | None:
    """Refuse edges of which no structure has an atom."""
    structures = value["structures"]
    if not len(structures):
        return "there is no structure in `structures`"
    present = structures.base.attributes.get("elements")
    absent = sorted({one["element"] for one in value["edges"]} - set(present))
    if absent:
        return f"no structure has {', '.join(absent)}; the elements are {', '.join(present)}"
    return None


def _check_pairs(value: Namespace) -> str | None:
    """Refuse an element without a pair, and two shells of one element."""
    for one in value["edges"]:
        element = one["element"]
        if not value["pairs"].get(element):
            return (
                f"there is no pair of {element} in `pairs`: make it by `aiida-gbml launch core-hole-pseudos {element}`"
            )
        shells = {EDGES[other["edge"]] for other in value["edges"] if other["element"] == element}
        if len(shells) > 1:
            return f"the edges of {element} excite {' and '.join(sorted(shells))}: make a dataset for each shell"
    return None


def _check_sites(value: Namespace) -> str | None:
    """Refuse what each site would refuse, asked of one structure for every combination of elements."""
    pairs, pseudos = value["pairs"], value.get("pseudos", {})
    if doubled := sorted(set(pairs) & set(pseudos)):
        return (
            f"{doubled[0]} is given in `pairs` and in `pseudos`: leave it out of `pseudos`, for its other atoms "
            "get the ground state of its pair"
        )
    missing = _elements(value["structures"]) - set(pairs) - set(pseudos)
    if missing:
        return f"there is no pseudopotential of {', '.join(sorted(missing))} in `pseudos`"
    functionals = {
        element: holes[min(holes)].base.attributes.get("functional") for element, holes in pairs.items() if holes
    }
    if len(set(functionals.values())) > 1:
        told = ", ".join(f"{functional} for {element}" for element, functional in sorted(functionals.items()))
        return f"the pairs have different functionals ({told}): they must be equal"
    for structure, one, index in _examples(value):
        others = structure.get_symbols_set() - {one["element"]} - set(pseudos)
        complaint = validate_spectrum(
            {
                **value["site"],
                "structure": structure,
                "site": orm.Int(index),
                "edge": orm.Str(one["edge"]),
                "treatments": value["treatments"],
                "pairs": pairs[one["element"]],
                "pseudos": {**pseudos, **{symbol: _ground(pairs[symbol]) for symbol in others}},
            },
            None,
        )
        if complaint:
            return f"{one['element']} {one['edge']}: {complaint}"
    return None


def _check_extended(value: Namespace) -> str | None:
    """Refuse to extend a dataset with another step."""
    if "extend" not in value:
        return None
    attributes, step = value["extend"].base.attributes.all, value["energy_step"].value
    for one in value["edges"]:
        earlier = attributes.get(f"step_{one['element']}_{one['edge']}")
        if earlier is not None and abs(earlier - step) > _SAME_STEP:
            return (
                f"the dataset in `extend` has a step of {earlier:g} eV, and `energy_step` is {step:g} eV: make it equal"
            )
    return None


def _examples(value: Namespace) -> Iterator[tuple[orm.StructureData, Mapping[str, str], int]]:
    """Yield a structure of each combination of elements with each edge of which it has a site."""
    structures = value["structures"]
    content = structures.structures
    rows = {frozenset(content.numbers[content.atoms_of(row)].tolist()): row for row in range(len(content))}
    for row in rows.values():
        structure = structures.to_structure_data(row)
        symbols = content.to_ase(row).get_chemical_symbols()
        for one in value["edges"]:
            if one["element"] in symbols:
                yield structure, one, symbols.index(one["element"])


def _elements(structures: Any) -> set[str]:
    return set(Symbols(structures.structures.numbers))


def _ground(holes: Mapping[str, Any]) -> Any:
    """Return the ground state of a pair as a pseudopotential that is not stored."""
    from io import BytesIO

    from aiida_pseudo.data.pseudo import UpfData

    return UpfData(BytesIO(holes[min(holes)].ground))
