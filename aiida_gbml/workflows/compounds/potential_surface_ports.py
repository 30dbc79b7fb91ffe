"""Inputs, outputs and exit codes of the search of a potential-energy surface, and what is refused beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData, check_row
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.percolation import PeriodicGraph
from aiida_gbml.science.compounds.potential_surface.settings import SaddleStrategy
from aiida_gbml.science.compounds.potential_surface.structures import build, check_supercell
from aiida_gbml.workflows.evaluation.engine import define_engine, engine_complaint
from aiida_gbml.workflows.limits import define_limits
from aiida_gbml.workflows.validators import refusing, refusing_value, validate_positive
from aiida_gbml.workflows.worker import expose_worker

_EXPLAIN = "`aiida-gbml explain` lists the reasons."

_CODES = (
    (201, "ERROR_INVALID_HOST", "The mobile atom has no grid in this host: {reason}"),
    (411, "ERROR_PROPOSAL_FAILED", "The next points could not be proposed (process {pk}): {reason}"),
    (412, "ERROR_ANALYSIS_FAILED", "The surface could not be analysed (process {pk}): {reason}"),
    (
        420,
        "ERROR_TOO_MANY_FAILED",
        "{n_failed} of {n_evaluated} evaluations failed, more than `max_failed_fraction` allows: " + _EXPLAIN,
    ),
    (421, "ERROR_NOTHING_FOUND", "None of the {n_evaluated} evaluations succeeded: " + _EXPLAIN),
    (
        501,
        "WARNING_NO_PATH",
        "No path leads from the stable site to an image of it: lower the distances or the spacing of the grid.",
    ),
    (
        502,
        "WARNING_NOT_SETTLED",
        "The budget of {n_evaluated} evaluations was spent before the barrier was certain (`agreement`): allow more.",
    ),
)


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what a search is told."""
    spec.input("structure", valid_type=orm.StructureData, help="Host crystal without the mobile atom; lengths in Å.")
    spec.input("mobile", valid_type=orm.Str, help="Symbol of the element that moves, such as H.")
    spec.input(
        "grid",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({}),
        validator=refusing(GridSpec.from_dict),
        help="Which points are tried: fields of `GridSpec`, `spacing` and smallest distances in Å.",
    )
    spec.input(
        "supercell",
        valid_type=orm.List,
        default=lambda: orm.List([1, 1, 1]),
        validator=refusing_value(lambda value: check_supercell(value.get_list())),
        help="Cells of the host along its vectors in each calculation (three whole numbers).",
    )
    spec.input(
        "strategy",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({}),
        validator=refusing(SaddleStrategy.from_dict),
        help="How to search: `method` (kriging, random, exhaustive) and fields of `SaddleSettings`.",
    )
    define_engine(spec, "engine", "Engine that evaluates the host with the atom at a point")
    _define_limits(spec)
    purpose = (
        "Jobs that propose points and analyse the surface; without it the work chain itself does, which is right as "
        "long as that takes about a second (2,000 points)."
    )
    expose_worker(spec, purpose, required=False)
    spec.inputs.validator = validate_search


def _define_limits(spec: ProcessSpec) -> None:
    """Declare when a search ends, how much it does at a time, and for which rate."""
    define_limits(spec, budget="; without it every point.", batch_size=4)
    of_rate = {"valid_type": orm.Float, "validator": validate_positive}
    spec.input(
        "temperature", default=lambda: orm.Float(300.0), help="Temperature of the jump rate (a number of K).", **of_rate
    )
    spec.input(
        "attempt_frequency",
        default=lambda: orm.Float(1e13),
        help="Attempts of the atom to jump (a number per second); 1e12 to 1e13 for most atoms.",
        **of_rate,
    )


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what a search gives."""
    spec.output(
        "summary",
        valid_type=orm.Dict,
        help="Flat summary: `barrier` and those along a, b, c and in 1, 2, 3 dimensions in eV, sites in fractions of "
        "the cell, `jump_rate` in 1/s, `fraction_evaluated`.",
    )
    spec.output(
        "surface",
        valid_type=orm.ArrayData,
        help="`energies` and `deviations` (n,) in eV and `positions` (n, 3) in fractions of the cell of all points; "
        "`path_distances` (k,) in Å, `path_positions` (k, 3) and `path_energies` (k,) in eV above the site.",
    )
    spec.output("stable_structure", valid_type=orm.StructureData, help="Host with the atom at its stable site, in Å.")
    spec.output(
        "bottleneck_structure",
        valid_type=orm.StructureData,
        required=False,
        help="Host with the atom at the bottleneck, in Å: a start for a saddle-point search.",
    )
    spec.output("evaluated", valid_type=StructureSetData, help="Every evaluated structure with its energy in eV.")
    spec.output("observations", valid_type=SiteEnergiesData, help="Energies in eV by point of the grid.")
    spec.output("sites", valid_type=SiteGridData, help="The points, one for each orbit of the space group.")


def define_exit_codes(spec: ProcessSpec) -> None:
    """Declare how a search can end."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)


def validate_search(value: Mapping[str, Any], _: Any) -> str | None:
    """Refuse a host without a grid, and an engine that cannot evaluate it."""
    if "structure" not in value or "mobile" not in value:
        return None
    mobile = value["mobile"].value
    try:
        check_row(value["structure"])
        host = value["structure"].get_ase()
        grid = SiteGrid.of(host, mobile, GridSpec.from_dict(value["grid"].get_dict()))
        PeriodicGraph(grid.divisions, grid.steps)
        first = build(host, mobile, grid, [0], supercell=value["supercell"].get_list())
    except ValueError as exception:
        return f"the mobile atom has no grid in this host: {exception}"
    engine = value.get("engine") or {}
    complaint = engine_complaint(engine, engine, StructureSetData(first))
    return f"the engine cannot evaluate the host with {mobile}: {complaint}" if complaint else None
