"""`aiida-gbml recommend`: the steps of a recommendation one by one, and the look-up in its result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params.types import NodeParamType
from aiida.cmdline.utils import echo

from aiida_gbml.cli.outcome import one_sentence
from aiida_gbml.cli.ranking_data import selection
from aiida_gbml.cli.recommend_launch import KINDS

if TYPE_CHECKING:
    from aiida import orm

_ARITY = click.option("--arity", type=click.IntRange(2, 5), help="Number of elements.  [default: 3]")
_IONS = click.option("--ions", help="Table of ions: common, reported, rare, a YAML file, or a node.  [default: rare]")
_MIXED = click.option("--mixed-valence", is_flag=True, help="Let one element have two charges, as in Fe3O4.")
_COLUMN = click.option("--column", help="Column of the formulas.  [default: found by its name]")
_MODEL = click.option(
    "--model", type=NodeParamType(), required=True, help="Fitted model, or a process that fitted one."
)
_KNOWN = click.option("--known", help="Known compositions: a file or a node.  [default: those that the model knows]")
_WORKER = click.option("--worker", help="Code of a Python with this package.  [default: worker]")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
_ANSWERS = {True: "yes", False: "no", None: ""}
_ROWS = click.option("--rows", type=click.IntRange(min=1), default=20, show_default=True, help="Rows of the table.")


@click.group("recommend", cls=VerdiCommandGroup)
def recommend() -> None:
    """Learn which compositions exist, and rank those that nobody has reported."""


@recommend.command("fit")
@click.argument("known")
@click.option("--kind", default="ensemble", show_default=True, help=f"Recommender: {KINDS}.")
@_ARITY
@_IONS
@_MIXED
@_COLUMN
@_WORKER
@click.option("--label", default="", help="Label of the process.")
def fit(known: str, kind: str, worker: str | None, label: str, **options: Any) -> None:
    """Fit a recommender to KNOWN compositions: a file of formulas, or a node."""
    from aiida_gbml.cli import recommend_jobs as jobs

    with one_sentence():
        node = jobs.fit(known, {"kind": kind}, worker, label, **options)
    report = node.outputs.results.report
    for name in ("kind", "arity", "n_known", "n_used", "source", "licence"):
        echo.echo(f"{name:<10}{report[name] or 'unknown'}")
    echo.echo(f"pk {node.outputs.results.model.pk}")
    echo.echo_report(f"rank with `aiida-gbml recommend score --model {node.outputs.results.model.pk}`")


@recommend.command("score")
@click.argument("formulas", nargs=-1, metavar="[FORMULA]...")
@_MODEL
@_KNOWN
@click.option("--exclude", help="Compositions that are not listed either: a file or a node.")
@click.option("--top-k", type=click.IntRange(1), default=1000, show_default=True, help="Candidates to keep.")
@_WORKER
@_ROWS
@_JSON
def score(formulas: tuple[str, ...], model: orm.Node, as_json: bool, rows: int, **options: Any) -> None:
    """Rank all candidates by a fitted model; with FORMULA... only say the scores of these."""
    from aiida_gbml.cli import recommend_jobs as jobs

    if formulas:
        with one_sentence():
            found = jobs.scores(formulas, model, options["known"])
        texts = [
            {"Formula": row["formula"], "Score": f"{row['score']:#.6g}", "Known": _ANSWERS[row["known"]]}
            for row in found
        ]
        _echo_rows(found if as_json else texts, as_json)
        return
    with one_sentence():
        node = jobs.score(model, **options)
    ranking = node.outputs.results.ranking
    _echo_ranking(ranking.ranking, rows, as_json)
    if not as_json:
        echo.echo(f"pk {ranking.pk}")


@recommend.command("explain")
@click.argument("formula")
@_MODEL
@_KNOWN
@click.option("--rows", type=click.IntRange(min=1), default=5, show_default=True, help="Analogues, and factors.")
@_JSON
def explain(formula: str, model: orm.Node, known: str | None, rows: int, as_json: bool) -> None:
    """Name the known analogues of a composition, and the factors behind its score."""
    import json

    from aiida_gbml.cli import recommend_jobs as jobs

    with one_sentence():
        found, is_known = jobs.explain(formula, model, known, rows)
    if as_json:
        echo.echo(json.dumps({**found.to_dict(), "known": is_known}, indent=2))
        return
    note = "; known already, so that no ranking lists it" if is_known else ""
    lines = [f"{found.formula}: score {found.score:.6g}{note}"]
    parts = {
        "known analogues": [(one.formula, one.contribution) for one in found.analogues],
        "factors": [(one.name, one.value) for one in found.factors],
    }
    for title, pairs in parts.items():
        lines.append(f"{title}:" if pairs else f"{title}: none that speak for it")
        lines += [f"  {name:<24} {value:+.4g}" for name, value in pairs]
    echo.echo("\n".join(lines))


@recommend.command("evaluate")
@click.argument("known")
@click.option("--later", help="Compositions of a second database, to be found: a file or a node.")
@click.option("--hold-out", type=float, help="Fraction of the known compositions to be found.  [default: 0.2]")
@click.option("--cutoff", help="To be found is what was first seen from here on: a number, a year or a date.")
@click.option(
    "--kind", "kinds", multiple=True, help=f"Recommender; may be repeated: {KINDS}.  [default: ensemble, popularity]"
)
@_ARITY
@_IONS
@_MIXED
@_COLUMN
@click.option(
    "--protocol",
    type=click.Choice(("fast", "balanced", "stringent")),
    help="How thorough, from quick to slow.  [default: balanced]",
)
@_WORKER
@click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into this folder.")
@_JSON
def evaluate(known: str, as_json: bool, pictures: Path | None, **options: Any) -> None:
    """Judge recommenders by a part of KNOWN that they have not seen, or by a second database."""
    import json

    from aiida_gbml.cli import recommend_jobs as jobs
    from aiida_gbml.cli import results
    from aiida_gbml.cli.reports.recommender_evaluation import RecommenderEvaluationReport
    from aiida_gbml.workflows.ending import ending_of

    with one_sentence():
        node = jobs.evaluate(known, **options)
    if not node.is_finished_ok:
        echo.echo_critical(f"evaluation {node.pk} ended with {ending_of(node)}")
    report = RecommenderEvaluationReport(node)
    echo.echo(json.dumps(report.content(1), indent=2) if as_json else report.text(1))
    if pictures is not None:
        results.echo_pictures(report, [], pictures, ("png", "svg"))
    if not as_json:
        echo.echo(f"pk {node.pk}")


@recommend.command("lookup")
@click.argument("ranking", type=NodeParamType())
@selection
@_ROWS
@_JSON
def lookup(ranking: orm.Node, rows: int, as_json: bool, **conditions: Any) -> None:
    """Look compositions up in RANKING: a ranking, or a recommendation that made one."""
    from aiida_gbml.workflows.compounds.recommendation_view import RecommendationView

    with one_sentence():
        view = RecommendationView(ranking)
        if view.ranking is None:
            raise ValueError(f"recommendation {ranking.pk} has no ranking yet: it is {view.state}")
        chosen = view.ranking.select(
            conditions["elements"], conditions["n_elements"], conditions["threshold"], conditions["anions"]
        )
    _echo_ranking(chosen, rows, as_json)
    if not as_json:
        echo.echo_report(f"{len(chosen)} of {len(view.ranking)} rows fit, {min(rows, len(chosen))} are shown")


def _echo_ranking(ranking: Any, rows: int, as_json: bool) -> None:
    """Print the first rows of a ranking, as JSON with where it is from."""
    import json

    from aiida_gbml.cli.ranking_data import rows_of
    from aiida_gbml.cli.reports.recommendation import plain_rows
    from aiida_gbml.science.compounds.ranking_export import provenance

    if as_json:
        echo.echo(json.dumps({"provenance": provenance(ranking), "rows": plain_rows(ranking, rows)}, indent=2))
    else:
        _echo_rows(rows_of(ranking, rows), as_json=False)


def _echo_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    import json

    from tabulate import tabulate

    if as_json:
        echo.echo(json.dumps(rows, indent=2))
    elif rows:
        echo.echo(tabulate(rows, headers="keys", disable_numparse=True))
