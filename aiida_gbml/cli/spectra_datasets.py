"""The pseudopotentials that spectra need, as far as they are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.science.spectra.pair import EDGES
from aiida_gbml.science.spectra.treatments import HOLE_OF

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.data.core_hole_pair import CoreHolePairData

_MAKE = "make it by `aiida-gbml launch core-hole-pseudos"


def find_pairs(
    edges: Sequence[Mapping[str, str]],
    treatments: Sequence[str],
    *,
    accept_failed: bool = False,
    recipes: Mapping[str, str] | None = None,
) -> dict[str, dict[str, CoreHolePairData]]:
    """Return the latest checked pairs of each element that absorbs, by hole.

    :param accept_failed: take those that have not passed their checks as well.
    :param recipes: name of the recipe that has made them, by element; by default any.
    :raises ConfigurationError: when there is none, with the command that makes it.
    """
    found = {}
    for one in edges:
        element, shell = one["element"], EDGES.get(one["edge"])
        wanted = {"element": element, "shell": shell, "recipe": (recipes or {}).get(element)}
        wanted["verdict"] = None if accept_failed else "passed"
        full = _latest({**wanted, "hole": "full"})
        pairs = {"full": full}
        if "half" in {HOLE_OF.get(treatment) for treatment in treatments}:
            ground = full.base.attributes.get("ground_md5")
            pairs["half"] = _latest({**wanted, "hole": "half"}, ground)
        found[element] = pairs
    return found


def find_pseudos(
    elements: Collection[str], family: str | None, recipes: Mapping[str, str] | None = None
) -> dict[str, orm.Data]:
    """Return the pseudopotentials of elements that do not absorb, of a family or else the latest made by a recipe.

    :param recipes: name of the recipe by element, which goes before a family; by default any.
    :raises ConfigurationError: when there is none, with the command that makes it.
    """
    own = {element: _ground(element, name) for element, name in sorted((recipes or {}).items()) if element in elements}
    others = sorted(set(elements) - set(own))
    if family is not None:
        from aiida_gbml.cli.pseudopotentials import load_family

        group = load_family(family)
        if group is None:
            raise ConfigurationError(f"there is no pseudopotential family '{family}'")
        missing = [element for element in others if element not in group.elements]
        if missing:
            raise ConfigurationError(f"the family '{family}' has no pseudopotential of {', '.join(missing)}")
        return own | {element: group.get_pseudo(element) for element in others}
    return own | {element: _ground(element) for element in others}


def _latest(wanted: Mapping[str, str | None], ground: str | None = None) -> CoreHolePairData:
    """Return the latest pair, with a ground state if one is told.

    :param wanted: attributes by name, none where anything will do.
    """
    from aiida_gbml.data.core_hole_pair import CoreHolePairData

    pairs: list[CoreHolePairData] = CoreHolePairData.query(**wanted).all(flat=True)
    for pair in pairs:
        if ground in (None, pair.base.attributes.get("ground_md5")):
            return pair
    element, shell, recipe = (wanted[name] for name in ("element", "shell", "recipe"))
    raise ConfigurationError(
        f"there is no dataset of {element}{_by(recipe)} with a {wanted['hole']} hole in {shell} that has passed its "
        f"checks: {_MAKE} {recipe or element}{'' if shell == '1s' else f' --shell {shell}'}`"
    )


def _by(recipe: str | None) -> str:
    return "" if recipe is None else f" by the recipe {recipe}"


def _ground(element: str, recipe: str | None = None) -> Any:
    """Return the latest ground state of an element: made for its own sake, or as a partner in a crystal."""
    from aiida import orm

    wanted = {"attributes.element": element} | ({} if recipe is None else {"attributes.name": recipe})
    for label in ("atom_none", "partner_%"):
        query = orm.QueryBuilder()
        filters = {"attributes.process_label": "CoreHolePseudosWorkChain", "attributes.exit_status": 0}
        query.append(orm.WorkChainNode, filters=filters, tag="chain")
        query.append(orm.CalcJobNode, with_incoming="chain", edge_filters={"label": {"like": label}}, tag="job")
        query.append(orm.Dict, with_outgoing="job", edge_filters={"label": "recipe"}, filters=wanted)
        query.append(orm.Data, with_incoming="job", edge_filters={"label": "pseudo"}, project="*", tag="pseudo")
        pseudo = query.order_by({"pseudo": {"id": "desc"}}).first(flat=True)
        if pseudo is not None:
            return pseudo
    raise ConfigurationError(
        f"there is no pseudopotential of {element}{_by(recipe)}: {_MAKE} {recipe or element}`, or give a family with "
        "--pseudo-family"
    )
