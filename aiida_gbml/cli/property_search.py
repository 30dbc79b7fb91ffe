"""`aiida-gbml launch property-search`: from a database of structures and an engine to its best compound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.utils import echo

if TYPE_CHECKING:
    from aiida_gbml.data.structure_set import StructureSetData

_OPTIONS = (
    ("property_name", ("objective", "property")),
    ("goal", ("objective", "goal")),
    ("target", ("objective", "target")),
    ("scale", ("objective", "scale")),
    ("unit", ("objective", "unit")),
    ("references", ("references",)),
    ("structure", ("columns", "structure")),
    ("engine", ("engine", "name")),
    ("code", ("engine", "code")),
    ("potential", ("engine", "potential")),
    ("pseudo_family", ("engine", "pseudo_family")),
    ("evaluation_mode", ("overrides", "engine", "mode")),
    ("cell", ("overrides", "engine", "constraints", "cell")),
    ("protocol", ("protocol",)),
    ("method", ("overrides", "strategy", "method")),
    ("acquisition", ("overrides", "strategy", "acquisition")),
    ("tolerance", ("overrides", "strategy", "tolerance")),
    ("descriptors", ("overrides", "descriptors", "preset")),
    ("budget", ("overrides", "budget")),
    ("batch_size", ("overrides", "batch_size")),
    ("seed", ("overrides", "seed")),
    ("worker", ("worker",)),
    ("label", ("label",)),
)
"""Options of the command and the place of each in a configuration file."""

N_ROWS = 5
"""Best compounds that are listed when a search has run here."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("property-search")
@click.argument("candidates", required=False)
@click.option("--config", type=_FILE, help="YAML file with the same.")
@click.option("--property", "property_name", help="Property, such as formation_energy_per_atom or volume_per_atom.")
@click.option("--goal", type=click.Choice(("minimise", "maximise", "target")), help="[default: minimise]")
@click.option("--target", type=float, help="Wanted value, with the goal target.")
@click.option("--scale", type=click.Choice(("linear", "log10")), help="What is modelled.  [default: linear]")
@click.option("--unit", help="Unit of the property, where it is no common one.")
@click.option("--references", help="Crystals of the elements, for formation energies: a file or a node.")
@click.option("--structure", help="Column of the structures in a CSV, as pymatgen's dictionaries.")
@click.option("--engine", help="lammps, pw, or the entry point of another evaluation.  [default: lammps]")
@click.option("--code", help="Code of the engine, such as lmp@localhost.")
@click.option("--potential", help="Potential file of LAMMPS, or YAML with pair styles and coefficients.")
@click.option("--pseudo-family", help="Pseudopotential family, for pw.")
@click.option("--mode", "evaluation_mode", type=click.Choice(("static", "relax")), help="[default: relax]")
@click.option("--cell", type=click.Choice(("fixed", "isotropic", "free")), help="What relaxes of the cell.")
@click.option("--protocol", type=click.Choice(("fast", "balanced", "stringent")), help="[default: balanced]")
@click.option("--method", help="gaussian process, random or exhaustive.  [default: gaussian process]")
@click.option("--acquisition", help="What the search maximises.  [default: expected improvement]")
@click.option("--tolerance", type=float, help="End when no more than this is to be gained, in the property's unit.")
@click.option("--descriptors", type=click.Choice(("composition", "structure", "moments")), help="[default: structure]")
@click.option("--budget", type=int, help="Most evaluations; 0 for every candidate.")
@click.option("--batch-size", type=int, help="Evaluations a round.")
@click.option("--seed", type=int, help="Seed of every draw.")
@click.option("--worker", help="Code of a Python that computes the descriptors in a job; for a thousand structures.")
@click.option("--label", help="Label of the process.")
@click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into this folder.")
@click.option("--run", "mode", flag_value="run", help="Run here, with a progress bar.")
@click.option("--daemon", "mode", flag_value="daemon", default=True, help="Submit to the daemon.  [default]")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print what would be searched, make no process.")
def property_search(
    candidates: str | None, config: Path | None, mode: str, pictures: Path | None, **options: Any
) -> None:
    """Find the best compound of CANDIDATES: an extended XYZ, a CSV with structures, a node, or an earlier search."""
    from aiida_gbml.cli import foreground, outcome
    from aiida_gbml.cli import property_configuration as configuration
    from aiida_gbml.cli.property_subjects import Stored
    from aiida_gbml.cli.reports.property_search import PropertySearchReport

    with outcome.one_sentence():
        settings = _settings(candidates, config, options)
        subject = configuration.others_of(settings, "candidates")
        if subject is None:
            raise ValueError("which candidates? Give a file of structures, such as alloys.extxyz, or a node")
        references = configuration.others_of(settings, "references")
        if mode == "dry-run":
            echo.echo(describe(settings, configuration.structures_of(subject, "candidates")))
            return
        if mode == "daemon":
            foreground.require_daemon()
        elements = None if references is None else Stored(references.compounds, None)
        configuration.search_builder(settings, Stored(subject.compounds, None), elements)  # or nothing is stored
        stored = None if references is None else references.store()
        builder = configuration.search_builder(settings, subject.store(), stored)
        node = foreground.start(builder, mode)
    outcome.tell(node, mode, PropertySearchReport, "summary", n_rows=N_ROWS, pictures=pictures)


def describe(settings: dict[str, Any], candidates: StructureSetData) -> str:
    """Return what a search would do: its candidates, what is known of them, and how they are compared.

    :raises ValueError: when there is no such search, in one sentence.
    """
    from aiida_gbml.cli.configuration import overrides_of
    from aiida_gbml.cli.potentials import check_potential
    from aiida_gbml.science.compounds.objective import Objective
    from aiida_gbml.science.compounds.property_column import UNITS
    from aiida_gbml.science.compounds.search_features import search_features
    from aiida_gbml.science.structure_set import OK
    from aiida_gbml.workflows.compounds.property_search import PropertySearchWorkChain

    inputs = PropertySearchWorkChain.get_protocol_inputs(settings.get("protocol"), overrides_of(settings))
    PropertySearchWorkChain.get_setting_nodes(inputs)  # or they are refused
    check_potential(settings.get("engine", {}))
    objective = Objective.from_dict(settings.get("objective", {}))
    structures = candidates.structures
    features = search_features(structures, {name: inputs[name] for name in ("descriptors", "strategy")})
    explained = 100 * features["explained"].sum()
    n_known = len(structures.rows(OK))
    count = len(structures) - n_known
    unit = objective.unit or UNITS.get(objective.property, "")
    goal = objective.goal if objective.target is None else f"as close to {objective.target:g} as there is"
    lines = {
        "property": f"{objective.property.replace('_', ' ')}{f' ({unit})' if unit else ''}, {goal}",
        "candidates": f"{len(structures)}, {n_known} of them known",
        "elements": ", ".join(candidates.base.attributes.get("elements")),
        "atoms": f"{structures.sizes.min()} to {structures.sizes.max()} a structure",
        "descriptors": f"{features['points'].shape[1]} components, {explained:.0f} % of the variance",
        "engine": f"{settings.get('engine', {}).get('name', 'lammps')}, {inputs['engine']['mode']}",
        "evaluations": f"up to {min(inputs['budget'] or count, count)}, {inputs['batch_size']} a round",
    }
    return "\n".join(f"{name:<14}{text}" for name, text in lines.items())


def _settings(candidates: str | None, config: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file, with those of the options in their places."""
    from aiida_gbml.cli import property_configuration
    from aiida_gbml.cli.configuration import put_options

    settings = property_configuration.read(config, property_configuration.SEARCH_KEYS) if config else {}
    put_options(settings, _OPTIONS, options)
    if candidates is not None:
        settings["candidates"] = candidates
    return settings
