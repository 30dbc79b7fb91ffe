"""`aiida-gbml property`: learn a property of compounds, predict it, and group compounds into families."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.utils import echo

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    ("target", ("columns", "target")),
    ("formula", ("columns", "formula")),
    ("structure", ("columns", "structure")),
    ("order", ("columns", "order")),
    ("group", ("columns", "group")),
    ("merge", ("columns", "merge")),
    ("name", ("property",)),
    ("unit", ("unit",)),
    ("references", ("references",)),
    ("scale", ("overrides", "scale")),
    ("model", ("overrides", "model", "kind")),
    ("descriptors", ("overrides", "descriptors", "preset")),
    ("validation", ("overrides", "validation", "kind")),
    ("folds", ("overrides", "validation", "folds")),
    ("seed", ("overrides", "validation", "seed")),
    ("seed", ("overrides", "model", "settings", "seed")),
    ("coverage", ("overrides", "coverage")),
    ("predict", ("predict",)),
    ("protocol", ("protocol",)),
    ("worker", ("worker",)),
    ("label", ("label",)),
)
"""Options of `train` and the place of each in a configuration file."""

_PREDICT = "predict with `aiida-gbml property predict FILE --model {pk}`"

N_ROWS = 10
"""Rows that are listed when something has run here."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PRESETS = click.Choice(("composition", "structure", "moments"))
_FORMULA = click.option("--formula", help="Column of the formulas.  [default: formula]")
_STRUCTURE = click.option("--structure", help="Column of the structures, as pymatgen's dictionaries.")
_WORKER = click.option("--worker", help="Code of the Python that computes.  [default: worker]")
_PLOT = click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into a folder.")
_CSV = click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write all rows as CSV.")


@click.group("property", cls=VerdiCommandGroup)
def property() -> None:  # noqa: A001  (the command is called so)
    """Learn properties of compounds, predict them with intervals, and find families of compounds."""


@property.command("train")
@click.argument("compounds", required=False)
@click.option("--config", type=_FILE, help="YAML file with the same.")
@click.option("--target", help="Column, or entry of structures, that holds the property.")
@_FORMULA
@_STRUCTURE
@click.option("--order", help="Column of whole numbers that order the rows by age, for a chronological validation.")
@click.option("--group", help="Column of groups that the validation keeps together, instead of chemical systems.")
@click.option("--merge", type=click.Choice(("median", "mean", "lowest", "highest")), help="Of equal compositions.")
@click.option("--name", help="Name of the property.  [default: the column's]")
@click.option("--unit", help="Unit of the property, such as eV/atom.")
@click.option("--references", help="Crystals of the elements with energies: a file or a node.")
@click.option("--scale", type=click.Choice(("linear", "log10")), help="What is modelled.  [default: linear]")
@click.option("--model", help="kernel_ridge, gaussian_process, gradient_boosting or ensemble.  [default: ensemble]")
@click.option("--descriptors", type=_PRESETS, help="What the model sees.  [default: all that the compounds have]")
@click.option(
    "--validation",
    type=click.Choice(("grouped", "random", "chronological")),
    help="On what the model is judged: chemical systems, compounds or years that it has not seen.  [default: grouped]",
)
@click.option("--folds", type=click.IntRange(min=2), help="Parts of the validation.  [default: 5]")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of every draw.")
@click.option("--coverage", type=float, help="Nominal coverage of the intervals, 0 to 1.  [default: 0.9]")
@click.option("--predict", help="Other compounds to predict as well: a file or a node.")
@click.option(
    "--protocol",
    type=click.Choice(("fast", "balanced", "stringent")),
    help="How thorough, from quick to slow.  [default: balanced]",
)
@_WORKER
@click.option("--label", help="Label of the process.")
@_PLOT
@click.option("--run", "mode", flag_value="run", default=True, help="Run here.  [default]")
@click.option("--daemon", "mode", flag_value="daemon", help="Submit to the daemon.")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print what would be learned, make no process.")
def train(compounds: str | None, config: Path | None, mode: str, pictures: Path | None, **options: Any) -> None:
    """Learn a property of COMPOUNDS: a CSV with formulas or structures, an extended XYZ, or a node."""
    from aiida_gbml.cli import foreground, outcome
    from aiida_gbml.cli import property_configuration as configuration
    from aiida_gbml.cli.property_subjects import Stored
    from aiida_gbml.cli.reports.property_model import PropertyModelReport

    with outcome.one_sentence():
        settings = _settings(compounds, config, options)
        subject = configuration.compounds_of(settings)
        others = configuration.others_of(settings, "predict")
        echo.echo(_described(subject))
        if mode == "dry-run":
            return
        if mode == "daemon":
            foreground.require_daemon()
        further = [others, configuration.others_of(settings, "references")]
        unstored = [None if one is None else Stored(one.compounds, None) for one in further]
        configuration.model_builder(
            settings, Stored(subject.compounds, subject.targets), *unstored
        )  # or nothing stored
        stored = [None if one is None else one.store() for one in further]
        builder = configuration.model_builder(settings, subject.store(), *stored)
        node = foreground.start(builder, mode, "model", "step")
    outcome.tell(
        node, mode, PropertyModelReport, "report", n_rows=N_ROWS, pictures=pictures, noun="model", look=_PREDICT
    )


@property.command("predict")
@click.argument("compounds")
@click.option("--model", "model_pk", required=True, help="Pk of a model, or of the process that made it.")
@_FORMULA
@_STRUCTURE
@click.option("--coverage", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Of the intervals.")
@click.option("--rows", type=click.IntRange(min=1), default=N_ROWS, show_default=True, help="Rows to print.")
@_CSV
@_WORKER
def predict(compounds: str, model_pk: str, rows: int, output: Path | None, worker: str | None, **options: Any) -> None:
    """Predict the property of COMPOUNDS with intervals: a CSV, an extended XYZ, or a node."""
    from aiida import orm

    from aiida_gbml.calculations.collect_parameters import collect_parameters
    from aiida_gbml.cli import property_configuration as configuration
    from aiida_gbml.cli.configuration import find_code
    from aiida_gbml.cli.foreground import run_task
    from aiida_gbml.cli.outcome import new_file, one_sentence
    from aiida_gbml.cli.property_subjects import find_subject
    from aiida_gbml.workflows.compounds.property_model_ports import kind_of

    with one_sentence():
        table = None if output is None else new_file(output)
        code, model = find_code(worker, "worker"), configuration.model_of(model_pk)
        columns = {name: options[name] for name in ("formula", "structure") if options[name]}
        subject = find_subject(compounds, columns)
        echo.echo(_described(subject))
        stored = subject.store().compounds
        given = {} if options["coverage"] is None else {"coverage": orm.Float(options["coverage"])}
        parameters = collect_parameters(**given)["parameters"]
        archives = {kind_of(stored): stored, "model": model}
        types = {"predictions": "core.array", "report": "core.dict"}
        node = run_task(code, "compounds.predict_property", archives, parameters, types=types)
    _echo_task(node, rows, table)


@property.command("cluster")
@click.argument("compounds")
@_FORMULA
@_STRUCTURE
@click.option("--descriptors", type=_PRESETS, help="By what compounds are compared.  [default: all that they have]")
@click.option("--n-clusters", type=click.IntRange(min=2), help="Number of groups.  [default: of highest silhouette]")
@click.option("--most-clusters", type=click.IntRange(min=2), help="Largest number that is tried.  [default: 10]")
@click.option("--tree-depth", type=click.IntRange(min=1), help="Depth of the rules that tell groups.  [default: 3]")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of every draw.")
@_CSV
@_PLOT
@_WORKER
def cluster(
    compounds: str,
    descriptors: str | None,
    output: Path | None,
    pictures: Path | None,
    worker: str | None,
    **options: Any,
) -> None:
    """Group COMPOUNDS into families by their descriptors: a CSV, an extended XYZ, or a node."""
    from aiida import orm

    from aiida_gbml.calculations.collect_parameters import collect_parameters
    from aiida_gbml.cli import results
    from aiida_gbml.cli.configuration import find_code
    from aiida_gbml.cli.foreground import run_task
    from aiida_gbml.cli.outcome import new_file, one_sentence
    from aiida_gbml.cli.property_subjects import find_subject
    from aiida_gbml.cli.reports.property_task import PropertyTaskReport
    from aiida_gbml.workflows.compounds.property_model_ports import kind_of

    columns = {name: options.pop(name) for name in ("formula", "structure")}
    with one_sentence():
        table = None if output is None else new_file(output)
        code = find_code(worker, "worker")
        subject = find_subject(compounds, {name: value for name, value in columns.items() if value})
        echo.echo(_described(subject))
        stored = subject.store().compounds
        settings = orm.Dict({name: value for name, value in options.items() if value is not None})
        given = {} if descriptors is None else {"descriptors": orm.Dict({"preset": descriptors})}
        parameters = collect_parameters(settings=settings, **given)["parameters"]
        types = {"clusters": "core.array", "report": "core.dict"}
        node = run_task(code, "compounds.cluster_compounds", {kind_of(stored): stored}, parameters, types=types)
    _echo_task(node, N_ROWS, table)
    if pictures is not None:
        results.echo_pictures(PropertyTaskReport(node), [], pictures, ("png", "svg"))


def _settings(compounds: str | None, config: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file, with those of the options in their places."""
    from aiida_gbml.cli import property_configuration
    from aiida_gbml.cli.configuration import put_options

    settings = property_configuration.read(config, property_configuration.MODEL_KEYS) if config else {}
    put_options(settings, _OPTIONS, options)
    if compounds is not None:
        settings["compounds"] = compounds
    return settings


def _described(subject: Any) -> str:
    """Return what was read, and what of it cannot be used."""
    kind = "structures" if hasattr(subject.compounds, "structures") else "compositions"
    lines = [f"{len(subject.compounds)} {kind}"]
    if subject.table is None:
        return lines[0]
    summary = subject.table.summary()
    lines[0] += f" of {summary['n_rows']} rows" + (", counted from 0" if summary["rejected_by_kind"] else "")
    if summary["n_repeated_rows"]:
        repeated = ", ".join(f"{formula} ({count})" for formula, count in list(summary["repeated"].items())[:5])
        count = summary["n_repeated_rows"]
        lines.append(f"{count} row{'s' * (count > 1)} repeat{'s' * (count == 1)} a compound: {repeated}")
    for kind, count in summary["rejected_by_kind"].items():
        first = next(row for row in subject.table.rejected if row.kind == kind)
        rows = f"{count} row{'s' * (count > 1)}"
        lines.append(f"{rows} rejected ({kind}), the first is row {first.row}: {first.reason}")
    return "\n".join(lines)


def _echo_task(node: Any, rows: int, output: Path | None) -> None:
    """Print what a task has found, and write all of it where wanted."""
    from aiida_gbml.cli.outcome import one_sentence
    from aiida_gbml.cli.reports.property_task import PropertyTaskReport

    report = PropertyTaskReport(node)
    echo.echo(report.text(rows))
    echo.echo(f"pk {node.pk}")
    if output is not None:
        with one_sentence():
            report.write("csv", output)
        echo.echo_success(f"wrote {output}")
