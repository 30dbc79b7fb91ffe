"""What is refused before a search is stored: each validator returns one sentence, or nothing when all is well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common.hashing import make_hash
from aiida.common.links import LinkType

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.problem import SearchProblem, read_boundary, standard_bulk
from aiida_gbml.science.interfaces.strategies import Strategy
from aiida_gbml.workflows.evaluation.engine import engine_complaint
from aiida_gbml.workflows.evaluation.engine import validate_engine as evaluation_engine
from aiida_gbml.workflows.validators import refusing

_INDIFFERENT = ("metadata", "max_attempts", "max_concurrent", "max_failed_fraction")
"""Inputs of an engine on which its energies do not depend."""

_DECISIVE = ("structure", "boundary", "bulk", "engine")
"""Inputs on which the energies of a search depend."""

_CELL = ("geometry", "thickness", "repeat", "vacuum")
"""Settings of the space on which they depend: one atom removed from a larger cell is another structure."""


validate_boundary = refusing(read_boundary)
validate_space = refusing(SearchSpace.from_dict)
validate_strategy = refusing(Strategy.from_dict)


def validate_engine(value: Mapping[str, Any] | None, port: Any) -> str | None:
    """Refuse an engine that is no evaluation work chain, or would change the cell of a boundary."""
    if value and "constraints" in value and value["constraints"].get("cell", "fixed") in ("isotropic", "free"):
        return f"'{port.name}.constraints' would strain the boundary plane: its cell may be 'fixed' or 'normal'"
    return evaluation_engine(value, port)


def validate_search(value: Mapping[str, Any], _: Any) -> str | None:
    """Refuse a crystal that cannot be used, a space without candidates, and engines that cannot evaluate it."""
    if "structure" not in value:
        return None
    try:
        bulk = standard_bulk(value["structure"].get_ase())
    except ValueError as exception:
        return f"the bulk structure cannot be used: {exception}"
    try:
        problem = SearchProblem.from_inputs(bulk, value["boundary"].get_dict(), value["space"].get_dict())
        boundary = problem.build(problem.candidates(), [0])
    except ValueError as exception:
        return f"the search space cannot be used: {exception}"
    for name in ("engine", "verification"):
        engine = value.get(name) or {}
        for what, structures, settings in (("crystal", bulk, value["bulk"]), ("boundary", boundary, engine)):
            complaint = engine_complaint(engine, settings, StructureSetData(structures))
            if complaint:
                return f"the {name} cannot evaluate the {what}: {complaint}"
    return _earlier_complaint(value)


def _earlier_complaint(value: Mapping[str, Any]) -> str | None:
    """Return which input of an earlier search differs, so that its energies cannot be mixed with those of this one."""
    wanted = _comparable({name: value[name] for name in _DECISIVE if name in value})
    for node in value.get("earlier", {}).values():
        search = node.creator.caller if node.creator else None
        if search is None:
            return f"the structures {node.pk} come from no search, so that their energies cannot be compared"
        given = search.base.links.get_incoming(link_type=(LinkType.INPUT_CALC, LinkType.INPUT_WORK)).nested()
        found = _comparable({name: given[name] for name in _DECISIVE if name in given})
        differing = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
        differing += _differing_cell(value["space"], given["space"])
        if differing:
            return (
                f"search {search.pk} has another input '{differing[0]}', so that its energies do not count here; "
                "give its structures as a template instead"
            )
    return None


def _differing_cell(wanted: orm.Dict, found: orm.Dict) -> list[str]:
    """Return the settings of two spaces that make their cells differ."""
    spaces = [SearchSpace.from_dict(space.get_dict()) for space in (wanted, found)]
    return [f"space.{name}" for name in _CELL if getattr(spaces[0], name) != getattr(spaces[1], name)]


def _comparable(inputs: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return what distinguishes each input that decides the energies: its content, or the executable of a code."""
    found: dict[str, str] = {}
    for name, node in inputs.items():
        if name in _INDIFFERENT:
            continue
        if isinstance(node, Mapping):
            found |= _comparable(node, f"{prefix}{name}.")
        elif isinstance(node, orm.Data):
            found[prefix + name] = make_hash(node.base.caching.get_objects_to_hash())
    return found
