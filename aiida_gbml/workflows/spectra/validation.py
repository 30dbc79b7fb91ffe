"""What is refused before a spectrum is stored: each validator returns one sentence, or nothing when all is well."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from aiida import orm
from aiida_quantumespresso.data.hubbard_structure import HubbardStructureData

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.science.spectra.pair import EDGES
from aiida_gbml.science.spectra.treatments import HOLE_OF

ALIGNMENTS = ("transition_energy", "fermi", "onset")
ELECTRONIC_TYPES = ("insulator", "metal")
CELL = ("min_distance", "matrix", "min_box")

_UNKNOWN_TO_XSPECTRA = ("noncolin", "lspinorb", "lda_plus_u", "one_atom_occupations", "input_dft", "tefield")
"""What is unknown to ``xspectra.x``, or missing in the potential that it makes of the density."""

Namespace = Mapping[str, Any]


def one_of(name: str, known: tuple[str, ...]) -> Callable[[orm.Str, Any], str | None]:
    """Return a validator that refuses a text that is none of the known ones."""

    def validate(value: orm.Str, _: Any) -> str | None:
        return None if value.value in known else f"the {name} is '{value.value}', expected one of {', '.join(known)}"

    return validate


def validate_treatments(value: orm.List, _: Any) -> str | None:
    """Refuse no treatment at all, one that is not known, and one that is asked for twice."""
    treatments = value.get_list()
    unknown = [treatment for treatment in treatments if not isinstance(treatment, str) or treatment not in HOLE_OF]
    if unknown or not treatments:
        return f"the treatments are {treatments}, expected one or more of {', '.join(HOLE_OF)}"
    return None if len({*treatments}) == len(treatments) else f"a treatment stands twice in {treatments}"


def validate_cell(value: orm.Dict, _: Any) -> str | None:
    """Refuse settings of the cell that are not known or impossible."""
    settings = value.get_dict()
    for name, setting in settings.items():
        if name not in CELL:
            return f"there is no setting '{name}' of the cell, known are {', '.join(CELL)}"
        if name != "matrix" and not (_is_number(setting) and 0 < setting <= 100):
            return f"'{name}' must be a length in Å above 0 and at most 100, got {setting!r}"
    return None


def validate_polarisations(value: orm.Dict, _: Any) -> str | None:
    """Refuse directions that are none."""
    from aiida_gbml.science.spectra.directions import read_polarisations

    return _complaint(read_polarisations, value.get_dict())


def validate_broadening(value: orm.Dict, _: Any) -> str | None:
    """Refuse widths that are not known or impossible; the onset of growing widths follows from the spectrum."""
    from aiida_gbml.science.spectra.broadening import validate

    settings = value.get_dict()
    if isinstance(settings.get("arctangent"), dict):
        settings["arctangent"] = {"onset": 0.0, **settings["arctangent"]}
    return _complaint(validate, settings)


def validate_spectrum(value: Namespace, _: Any) -> str | None:
    """Refuse structures, datasets and parameters that do not fit each other."""
    if any(name not in value for name in ("structure", "site", "edge", "treatments", "pw", "xspectra")):
        return None  # the ports themselves say what is missing
    for check in (_check_structure, _check_pairs, _check_pseudos, _check_core_term, _check_parameters, _check_xspectra):
        complaint = check(value)
        if complaint:
            return complaint
    return None


def absorbing_element(structure: orm.StructureData, site: int) -> str:
    """Return the chemical symbol of the atom at a site."""
    symbol: str = structure.get_kind(structure.sites[site].kind_name).symbol
    return symbol


def _check_structure(value: Namespace) -> str | None:
    structure, site = value["structure"], value["site"].value
    if isinstance(structure, HubbardStructureData):
        return "Hubbard parameters are not carried over to the kind of the absorbing atom: give a plain structure"
    disordered = [kind.name for kind in structure.kinds if kind.is_alloy or kind.has_vacancies]
    if disordered:
        return f"the sites of kind '{disordered[0]}' are partly occupied: give an ordered structure, site by site"
    if not 0 <= site < len(structure.sites):
        return f"there is no site {site}: the structure has the sites 0 to {len(structure.sites) - 1}"
    return None


def _check_pairs(value: Namespace) -> str | None:
    """Refuse pairs of another element, edge or ground state, those that failed, and a treatment without its pair."""
    pairs: Mapping[str, CoreHolePairData] = value.get("pairs", {})
    element = absorbing_element(value["structure"], value["site"].value)
    edge = value["edge"].value
    if edge not in EDGES:
        return None  # its own validator says so
    for hole in _needed_holes(value):
        if hole not in pairs:
            return (
                f"`pairs.{hole}` is missing, the {hole} hole of {element}: make it by "
                f"`aiida-gbml launch core-hole-pseudos {element}`"
            )
    for hole, pair in pairs.items():
        complaint = _check_pair(pair, hole, element, edge, accept_failed=value["accept_failed_pseudos"].value)
        if complaint:
            return complaint
    if len({pair.base.attributes.get("ground_md5") for pair in pairs.values()}) > 1:
        return f"the half and the full hole of {element} have different ground states: take both from one recipe"
    return None


def _check_pair(pair: CoreHolePairData, hole: str, element: str, edge: str, accept_failed: bool) -> str | None:
    known = pair.base.attributes.all
    if known["element"] != element:
        return f"`pairs.{hole}` is of {known['element']}, but the absorbing atom is {element}"
    if known["hole"] != hole:
        return f"`pairs.{hole}` holds a {known['hole']} hole"
    if known["shell"] != EDGES[edge]:
        return f"`pairs.{hole}` has its hole in {known['shell']}, but the edge {edge} excites {EDGES[edge]}"
    reason = pair.pair.supports(edge)
    if reason:
        return f"`pairs.{hole}` cannot give the edge {edge}: {reason}"
    if known["verdict"] != "passed" and not accept_failed:
        problems = "; ".join(known["problems"]) or "nobody has checked them"
        return (
            f"the datasets in `pairs.{hole}` of {element} have the verdict '{known['verdict']}' ({problems}): choose "
            "others, or set `accept_failed_pseudos`"
        )
    return None


def _check_pseudos(value: Namespace) -> str | None:
    """Refuse elements without a dataset, and datasets of another element or functional."""
    from aiida_gbml.science.engines.upf import read_upf

    element = absorbing_element(value["structure"], value["site"].value)
    functional = next(iter(value["pairs"].values())).base.attributes.get("functional")
    for symbol in sorted(value["structure"].get_symbols_set() - {element}):
        if symbol not in value.get("pseudos", {}):
            return f"there is no pseudopotential of {symbol} in `pseudos`"
        try:
            upf = read_upf(value["pseudos"][symbol].get_content(mode="rb"))
        except ValueError as exception:
            return f"the pseudopotential of {symbol} cannot be used: {exception}"
        if upf.element != symbol:
            return f"the pseudopotential of {symbol} in `pseudos` is one of {upf.element}"
        if upf.functional != functional:
            return f"the functional of {symbol} is {upf.functional}, that of {element} {functional}: they must be equal"
    return None


def _check_core_term(value: Namespace) -> str | None:
    """Refuse absolute energies without the energies of the atoms that belong to the very pair."""
    if value["alignment"].value != "transition_energy":
        return None
    pair = value["pairs"]["full"]
    if pair.base.attributes.get("core_term") is None:
        return (
            "the pair in `pairs.full` has no core term, so that there is no absolute energy: give the energies of its "
            "atoms (`Etot` and `Etotps` of ld1.x) when the pair is made, or choose the alignment 'fermi' or 'onset'"
        )
    return None


def _check_parameters(value: Namespace) -> str | None:
    """Refuse parameters of ``pw.x`` under which there is no spectrum."""
    base = value["pw"]["pw"]
    system = base["parameters"].get_dict().get("SYSTEM", {})
    unknown = [name for name in _UNKNOWN_TO_XSPECTRA if system.get(name)]
    if any(value["structure"].pbc) and system.get("assume_isolated", "none") != "none":
        unknown.append("assume_isolated")
    if unknown:
        return f"`{unknown[0]}` is set in SYSTEM, with which xspectra.x gives no spectrum here: leave it out"
    if value["electronic_type"].value == "metal" and "tot_magnetization" in system:
        return (
            "`tot_magnetization` is set in SYSTEM, so that the metal would have two Fermi energies: leave it out, "
            "`starting_magnetization` tells the spins apart"
        )
    if "settings" in base and {name.upper(): flag for name, flag in base["settings"].get_dict().items()}.get(
        "GAMMA_ONLY"
    ):
        return "`GAMMA_ONLY` is set, but xspectra.x needs complex wavefunctions: leave it out"
    wanted = "fixed" if value["electronic_type"].value == "insulator" else "smearing"
    if system.get("occupations", wanted) != wanted:
        return (
            f"`occupations` is '{system['occupations']}' in SYSTEM, but `electronic_type` is "
            f"'{value['electronic_type'].value}', which means '{wanted}': change one of them"
        )
    return None


def _check_xspectra(value: Namespace) -> str | None:
    """Refuse parameters of ``xspectra.x`` before hours are spent on the runs from which it starts."""
    from aiida_gbml.science.engines.xspectra_input import check_polarisations, complete_parameters
    from aiida_gbml.science.spectra.directions import read_polarisations

    given = value["xspectra"].get("xspectra", {}).get("parameters")
    namelists = {} if given is None else given.get_dict()
    edge = {"INPUT_XSPECTRA": {**namelists.get("INPUT_XSPECTRA", {}), "edge": value["edge"].value}}
    try:
        complete = complete_parameters(namelists | edge)
        directions = read_polarisations(value["polarisations"].get_dict())
        if directions is not None:
            check_polarisations(directions.vectors.tolist(), complete)
    except ValueError as exception:
        return str(exception)
    if directions is None and complete["INPUT_XSPECTRA"]["calculation"] != "xanes_dipole":
        return "three directions give the powder average of dipoles only: give `polarisations` of the mode 'vectors'"
    return None


def _needed_holes(value: Namespace) -> list[str]:
    """Return the holes whose pairs the treatments and the alignment need; the ground state comes from any pair."""
    treatments = value["treatments"].get_list()
    needed = [hole for hole in (HOLE_OF.get(treatment) for treatment in treatments) if hole]
    if value["alignment"].value == "transition_energy" or not value.get("pairs"):
        needed.append("full")
    return sorted({*needed})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _complaint(check: Callable[[Mapping[str, Any]], Any], settings: Mapping[str, Any]) -> str | None:
    """Return what a check of some settings raises."""
    try:
        check(settings)
    except ValueError as exception:
        return str(exception)
    return None
