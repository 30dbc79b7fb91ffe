"""The ports of `CoreHolePseudosWorkChain`, and what is refused before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida_pseudo.data.pseudo import UpfData
from plumpy import PortNamespace

from aiida_gbml.calculations.ld1 import Ld1Calculation
from aiida_gbml.data.core_hole_pair import HOLES, CoreHolePairData
from aiida_gbml.science.engines.upf import read_upf
from aiida_gbml.science.spectra.pair import CoreHolePair
from aiida_gbml.science.spectra.recipes import FUNCTIONAL, Recipe
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain

_OWN = ("pw.structure", "pw.pseudos", "pw.parent_folder", "kpoints", "kpoints_distance", "kpoints_force_parity")
FEWEST_SCALES = 4


def define_datasets(spec: WorkChainSpec) -> None:
    """Declare what tells the datasets: a recipe, or a user's files."""
    spec.input(
        "recipe",
        valid_type=orm.Dict,
        serializer=orm.to_aiida_type,
        help="Fields of a `Recipe`: it makes the datasets unless they are given, and tells the crystal to try them in.",
    )
    spec.input(
        "shell",
        valid_type=orm.Str,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Str("1s"),
        help="Shell of the hole: '1s', '2s' or '2p'.",
    )
    spec.expose_inputs(
        Ld1Calculation,
        namespace="ld1",
        exclude=("recipe", "shell", "hole", "pseudo"),
        namespace_options={"required": False, "populate_defaults": False, "help": "The code `ld1.x` and its options."},
    )
    spec.input("ground", valid_type=UpfData, required=False, help="A user's dataset of the ground state.")
    spec.input_namespace(
        "holes",
        dynamic=True,
        valid_type=UpfData,
        required=False,
        help="A user's datasets with a hole, by its size: 'half' or 'full' (`CoreHoleUpfData`).",
    )
    spec.input_namespace(
        "partners",
        dynamic=True,
        valid_type=UpfData,
        required=False,
        help="Datasets of the other elements of the reference crystal, by element.",
    )
    spec.input_namespace(
        "partner_recipes",
        dynamic=True,
        valid_type=orm.Dict,
        required=False,
        help="Recipes that make those of them that are not given, by element.",
    )


def define_runs(spec: WorkChainSpec) -> None:
    """Declare how the datasets are tried."""
    spec.expose_inputs(
        PwRestartWorkChain,
        namespace="base",
        exclude=_OWN,
        namespace_options={"help": "`pw.x` and the namelists of all runs; cutoffs are those of the recipes."},
    )
    spec.input(
        "scales",
        valid_type=orm.List,
        serializer=orm.to_aiida_type,
        default=lambda: orm.List([0.97, 0.985, 1.0, 1.015, 1.03]),
        help="Factors on the measured lattice constant at which the crystal is computed (dimensionless).",
    )
    spec.input(
        "kpoints_distance",
        valid_type=orm.Float,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Float(0.2),
        help="Largest distance between k-points in 1/Å; all crystals of the scan have the same mesh.",
    )
    spec.input(
        "conv_thr_per_atom",
        valid_type=orm.Float,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Float(1e-9),
        help="Convergence threshold of the energy in Ry an atom.",
    )
    spec.input(
        "max_concurrent",
        valid_type=orm.Int,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Int(2),
        help="How many jobs run at a time (dimensionless).",
    )


def define_outputs(spec: WorkChainSpec) -> None:
    """Declare what comes out, and what can go wrong."""
    spec.output("ground", valid_type=UpfData, help="The dataset of the ground state.")
    spec.output_namespace(
        "pairs", dynamic=True, valid_type=CoreHolePairData, help="Ground state and hole, by size of the hole."
    )
    spec.output_namespace(
        "checks",
        dynamic=True,
        valid_type=orm.Dict,
        help="`verdict`, `problems` and the numbers of the checks, for 'ground' and for each size of the hole.",
    )
    spec.exit_code(
        410,
        "ERROR_NO_GROUND_STATE",
        message="There is no dataset to begin with ({label}): {reason}. Change the recipe.",
    )
    spec.exit_code(
        411,
        "ERROR_NOT_PREPARED",
        message="The datasets could not be tried or joined: {reason}. Change the recipe or the files.",
    )
    spec.exit_code(
        510,
        "ERROR_HOLE_NOT_MADE",
        message="ld1.x made no dataset with a {sizes} hole: {reason}. The others are there; change the recipe.",
    )
    spec.exit_code(
        511,
        "ERROR_CHECKS_FAILED",
        message="{problems}. The datasets are there, with the verdict 'failed'; change the recipe or the cutoffs.",
    )


def validate_core_hole_pseudos(inputs: Mapping[str, Any], _: PortNamespace) -> str | None:
    """Return what is wrong with the inputs, as far as they are given, or with how they fit each other."""
    if any(inputs.get(name) is None for name in ("recipe", "shell")):
        return None  # the ports themselves say what is missing
    try:
        recipe = Recipe.from_mapping(inputs["recipe"].get_dict())
        _check_source(recipe, inputs)
        _check_partners(recipe, inputs)
        _check_scan(inputs)
    except ValueError as exception:
        return str(exception)
    return None


def _check_source(recipe: Recipe, inputs: Mapping[str, Any]) -> None:
    """Raise unless the datasets can be made, or the given ones belong together."""
    ground, holes, shell = inputs.get("ground"), inputs.get("holes") or {}, inputs["shell"].value
    if ground is None and holes:
        raise ValueError("a dataset with a hole needs the ground state that belongs to it: give `ground` as well")
    if ground is None:
        if inputs.get("ld1", {}).get("code") is None:
            raise ValueError("give the code `ld1.code` that makes the datasets, or datasets of your own")
        for hole in ("none", *recipe.holes.get(shell, ())):
            recipe.input_text(shell, hole, recipe.pseudo_filename(shell, hole))
        return
    if unknown := sorted(set(holes) - set(HOLES)):
        raise ValueError(f"there is no hole of the size '{unknown[0]}', expected {' or '.join(HOLES)}")
    if ground.element != recipe.element:
        raise ValueError(f"the ground state is one of {ground.element}, the recipe {recipe.name} is of another element")
    content = ground.get_content(mode="rb")
    for size, hole in holes.items():
        CoreHolePair(content, hole.get_content(mode="rb"), shell, HOLES[size])  # raises unless they belong together


def _check_partners(recipe: Recipe, inputs: Mapping[str, Any]) -> None:
    """Raise unless every element of the reference crystal has a dataset of the same functional."""
    given, made = inputs.get("partners") or {}, inputs.get("partner_recipes") or {}
    for name in recipe.crystal.partners:
        element = name.partition("_")[0]
        if element not in given and element not in made:
            raise ValueError(f"the crystal of {recipe.name} needs a dataset of {element}: give it in `partners`")
    ground = inputs.get("ground")
    functional = FUNCTIONAL if ground is None else read_upf(ground.get_content(mode="rb")).functional
    functionals = {element: read_upf(upf.get_content(mode="rb")).functional for element, upf in given.items()}
    for element, other in {**dict.fromkeys(made, FUNCTIONAL), **functionals}.items():
        if other != functional:
            raise ValueError(
                f"the dataset of {element} is one of {other}, that of {recipe.element} of {functional}: "
                "give datasets of one functional in `partners`"
            )
    if made and inputs.get("ld1", {}).get("code") is None:
        raise ValueError(f"give `ld1.code` to make the dataset of {min(made)}, or give it in `partners`")


def _check_scan(inputs: Mapping[str, Any]) -> None:
    """Raise unless the runs can tell a lattice constant."""
    if "scales" in inputs:
        scales = inputs["scales"].get_list()
        if len(set(scales)) < FEWEST_SCALES or not all(isinstance(x, float) and 0.8 < x < 1.2 for x in scales):
            raise ValueError(f"`scales` are {scales}, expected at least {FEWEST_SCALES} numbers around 1, 0.8 to 1.2")
    for name in ("kpoints_distance", "conv_thr_per_atom", "max_concurrent"):
        if name in inputs and not inputs[name].value > 0:
            raise ValueError(f"`{name}` is {inputs[name].value}, expected a positive number")
