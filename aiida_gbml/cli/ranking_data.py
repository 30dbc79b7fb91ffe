"""`verdi data gbml.ranking`: the rankings, and the look-up of compositions in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params import arguments, options, types
from aiida.cmdline.utils import decorators, echo

from aiida_gbml.cli.data import echo_table, format_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiida_gbml.data.ranking import RankingData
    from aiida_gbml.science.compounds.ranking import Ranking

_RANKING = arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.ranking",)))
_MISSING = "Missing shards"
_N_ELEMENTS = click.option("-n", "--n-elements", type=click.IntRange(2, 5), help="Only with so many elements.")


def selection(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options by which rows of a ranking are chosen."""
    for option in (
        click.option("--threshold", type=float, help="Only scores above this one."),
        _N_ELEMENTS,
        click.option("-a", "--anion", "anions", multiple=True, metavar="SYMBOL", help="Only with one of these anions."),
        click.option("-e", "--element", "elements", multiple=True, metavar="SYMBOL", help="Only with all of these."),
    ):
        command = option(command)
    return command


@click.group("gbml.ranking", cls=VerdiCommandGroup)
def ranking() -> None:
    """Manage rankings of compositions that nobody has reported."""


@ranking.command("list")
@click.option("-e", "--element", "elements", multiple=True, metavar="SYMBOL", help="Only with this element in a row.")
@_N_ELEMENTS
@click.option("--model", metavar="KIND", help="Only by this kind of model, such as ensemble.")
@click.option("--shards", is_flag=True, help="Also rankings of shards, which do not hold all candidates.")
@options.LIMIT()
@options.RAW()
@decorators.with_dbenv()
def ranking_list(limit: int | None, raw: bool, **conditions: Any) -> None:
    """List the rankings, newest first."""
    nodes = _query(**conditions).limit(limit).all(flat=True)
    rows = [_row(node) for node in nodes]
    if not conditions["shards"]:
        rows = [{name: text for name, text in row.items() if name != _MISSING} for row in rows]
    echo_table(rows, raw)


@ranking.command("show")
@_RANKING
@selection
@click.option("--rows", type=click.IntRange(min=1), default=20, show_default=True, help="Rows to list.")
@options.RAW()
@decorators.with_dbenv()
def ranking_show(datum: RankingData, rows: int, raw: bool, **conditions: Any) -> None:
    """Show the best rows of a ranking that fit, and where it is from."""
    chosen = _chosen(datum, **conditions)
    if not raw:
        for name, text in about(datum).items():
            echo.echo(f"{name}: {text}")
        echo.echo(f"{len(chosen)} of {len(datum)} rows fit")
    echo_table(rows_of(chosen, rows), raw)


@ranking.command("export")
@_RANKING
@selection
@format_option("csv", "parquet", "sqlite", "json")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@decorators.with_dbenv()
def ranking_export(datum: RankingData, fmt: str, output: Path, **conditions: Any) -> None:
    """Write the rows of a ranking that fit, with licence and provenance."""
    from aiida_gbml.cli.outcome import new_file, one_sentence
    from aiida_gbml.cli.ranking_origin import origin_of
    from aiida_gbml.science.compounds.ranking_export import write_ranking

    chosen = _chosen(datum, **conditions)
    with one_sentence():
        write_ranking(chosen, new_file(output), fmt, origin_of(datum))
    echo.echo_success(f"wrote {len(chosen)} rows to {output}")


def rows_of(chosen: Ranking, count: int) -> list[dict[str, str]]:
    """Return the first rows as texts by heading; scores have no unit."""
    columns = sorted(chosen.columns)
    rows = []
    for row in range(min(count, len(chosen))):
        probability = float(chosen.probability[row])
        rows.append(
            {
                "Place": str(chosen.places[row]),
                "Formula": chosen.composition(row).formula,
                "Score": f"{chosen.scores[row]:#.6g}",
                "Probability": "" if probability != probability else f"{probability:#.3g}",  # noqa: PLR0124
                **{name: f"{chosen.columns[name][row]:#.4g}" for name in columns},
            }
        )
    return rows


def _chosen(
    node: RankingData,
    elements: tuple[str, ...],
    anions: tuple[str, ...],
    n_elements: int | None,
    threshold: float | None,
) -> Ranking:
    """Return the rows that fit."""
    try:
        return node.ranking.select(elements, n_elements, threshold, anions)
    except ValueError as exception:
        echo.echo_critical(str(exception))


def _query(elements: tuple[str, ...], n_elements: int | None, model: str | None, shards: bool) -> Any:
    """Return the query for the rankings that fit, with or without those of shards."""
    from aiida import orm

    from aiida_gbml.data.ranking import RankingData

    filters: dict[str, Any] = {} if shards else {"attributes.n_missing_shards": 0}
    if elements:
        filters["attributes.elements"] = {"contains": list(elements)}
    if n_elements is not None:
        filters["attributes.arity"] = n_elements
    if model is not None:
        filters["attributes.model"] = model
    query = orm.QueryBuilder().append(RankingData, filters=filters, tag="ranking", project="*")
    return query.order_by({"ranking": {"id": "desc"}})


def about(node: RankingData) -> dict[str, str]:
    """Return where a ranking is from, for people."""
    from aiida_gbml.cli.ranking_origin import recommendation_of
    from aiida_gbml.science.compounds.ranking_run import known_until

    known = node.base.attributes.all
    missing = known["n_missing_shards"]
    process = recommendation_of(node)
    named = f" '{process.label}'" if process is not None and process.label else ""
    return {
        **({} if process is None else {"Made by": f"recommendation {process.pk}{named}"}),
        "Model": f"{known['model']} (sha256 {known['model_sha256'][:12]})",
        "Candidates": f"{known['n_scored']:,} of {known['arity']} elements"
        + (f"; {missing} of {known['n_shards']} shards are missing" if missing else ""),
        "Trained on": f"{known['source'] or 'unknown'} (sha256 {known['training_sha256'][:12]})",
        "Known until": known_until(known["training_last_seen"], known["training_age_unit"]) or "unknown",
        "Licence": known["licence"] or "unknown",
    }


def _row(node: RankingData) -> dict[str, str]:
    """Return a ranking as a row; one without a label of its own has that of the recommendation that made it."""
    from aiida_gbml.cli.ranking_origin import recommendation_of
    from aiida_gbml.science.compounds.ranking_run import known_until

    known, process = node.base.attributes.all, recommendation_of(node)
    return {
        "PK": str(node.pk),
        "Made by": "" if process is None else str(process.pk),
        "Label": node.label or ("" if process is None else process.label),
        "Elements": str(known["arity"]),
        "Model": known["model"],
        "Rows": str(known["n_rows"]),
        "Candidates": f"{known['n_scored']}",
        _MISSING: str(known["n_missing_shards"]),
        "Best": " ".join(known["formulas"][:3]),
        "Source": known["source"],
        "Known until": known_until(known["training_last_seen"], known["training_age_unit"]),
        "Licence": known["licence"],
    }
