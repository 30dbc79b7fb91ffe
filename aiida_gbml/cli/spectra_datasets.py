"""The pseudopotentials that spectra need, as far as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.science.spectra.pair import EDGES
from aiida_gbml.science.spectra.treatments import HOLE_OF

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.data.core_hole_pair import CoreHolePairData

_MAKE = "make it by `aiida-gbml launch core-hole-pseudos"


def find_pairs(
    edges: Sequence[Mapping[str, str]], treatments: Sequence[str], *, accept_failed: bool = False
) -> dict[str, dict[str, CoreHolePairData]]:
    """Return the latest checked pairs of each element that absorbs, by hole.

    :param accept_failed: take those that have not passed their checks as well.
    :raises ConfigurationError: when there is none, with the command that makes it.
    """
    found = {}
    for one in edges:
        element, shell = one["element"], EDGES.get(one["edge"])
        full = _latest(element, shell, "full", accept_failed)
        pairs = {"full": full}
        if "half" in {HOLE_OF.get(treatment) for treatment in treatments}:
            ground = full.base.attributes.get("ground_md5")
            pairs["half"] = _latest(element, shell, "half", accept_failed, ground)
        found[element] = pairs
    return found


def find_pseudos(elements: Iterable[str], family: str | None) -> dict[str, orm.Data]:
    """Return the pseudopotentials of elements that do not absorb, of a family or else the latest made by a recipe.

    :raises ConfigurationError: when there is none, with the command that makes it.
    """
    if family is not None:
        from aiida_gbml.cli.pseudopotentials import load_family

        group = load_family(family)
        if group is None:
            raise ConfigurationError(f"there is no pseudopotential family '{family}'")
        missing = sorted(set(elements) - set(group.elements))
        if missing:
            raise ConfigurationError(f"the family '{family}' has no pseudopotential of {', '.join(missing)}")
        return {element: group.get_pseudo(element) for element in elements}
    return {element: _ground(element) for element in sorted(set(elements))}


def _latest(
    element: str, shell: str | None, hole: str, accept_failed: bool, ground: str | None = None
) -> CoreHolePairData:
    """Return the latest pair, with a ground state if one is told."""
    from aiida_gbml.data.core_hole_pair import CoreHolePairData

    query = CoreHolePairData.query(element, shell, hole, None if accept_failed else "passed")
    pairs: list[CoreHolePairData] = query.all(flat=True)
    for pair in pairs:
        if ground in (None, pair.base.attributes.get("ground_md5")):
            return pair
    raise ConfigurationError(
        f"there is no dataset of {element} with a {hole} hole in {shell} that has passed its checks: "
        f"{_MAKE} {element}{'' if shell == '1s' else f' --shell {shell}'}`"
    )


def _ground(element: str) -> Any:
    """Return the latest ground state of an element: made for its own sake, or as a partner in a crystal."""
    from aiida import orm

    for label in ("atom_none", "partner_%"):
        query = orm.QueryBuilder()
        filters = {"attributes.process_label": "CoreHolePseudosWorkChain", "attributes.exit_status": 0}
        query.append(orm.WorkChainNode, filters=filters, tag="chain")
        query.append(orm.CalcJobNode, with_incoming="chain", edge_filters={"label": {"like": label}}, tag="job")
        query.append(
            orm.Dict, with_outgoing="job", edge_filters={"label": "recipe"}, filters={"attributes.element": element}
        )
        query.append(orm.Data, with_incoming="job", edge_filters={"label": "pseudo"}, project="*", tag="pseudo")
        pseudo = query.order_by({"pseudo": {"id": "desc"}}).first(flat=True)
        if pseudo is not None:
            return pseudo
    raise ConfigurationError(
        f"there is no pseudopotential of {element}: {_MAKE} {element}`, or give a family with --pseudo-family"
    )
