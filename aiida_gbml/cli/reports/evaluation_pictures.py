"""Pictures of how recommenders were judged, and of what they have learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.reports.evaluation_text import HELD_OUT, unseen_of

if TYPE_CHECKING:
    from aiida import orm
    from matplotlib.figure import Figure

    from aiida_gbml.data.model import ModelData


def draw_evaluation(
    report: Mapping[str, Any],
    curves: orm.ArrayData | None,
    model: ModelData | None,
    kinds: Sequence[str],
    *,
    stem: Path,
    formats: Sequence[str],
) -> list[Path]:
    """Write pictures and return their paths.

    :param report: of the task `evaluate_recommender`; empty without.
    :param curves: of the same task; none without.
    :param model: the fitted recommender; none without.
    :param kinds: some of enrichment, reliability and factors; empty for all that there is.
    :param stem: path to which the kind and the format are added.
    :param formats: png or svg.
    :raises ValueError: when there is nothing to draw.
    """
    from aiida_gbml.science.plot_style import save

    paths, reasons = [], []
    stem.parent.mkdir(parents=True, exist_ok=True)
    for kind in kinds or ("enrichment", "reliability", "factors"):
        try:
            figure = _factors(model) if kind == "factors" else _judged(kind, report, curves)
        except ValueError as exception:
            if kinds:
                raise
            reasons.append(str(exception))
            continue
        for file_format in formats:
            paths.append(stem.with_name(f"{stem.name}_{kind}.{file_format}"))
            save(figure, paths[-1])
    if not paths:
        raise ValueError(f"there is nothing to draw: {reasons[0]}")
    return paths


def _judged(kind: str, report: Mapping[str, Any], curves: orm.ArrayData | None) -> Figure:
    """Return the picture of enrichment or reliability."""
    if curves is None or not report:
        raise ValueError("the model was not judged: give a validation, such as --hold-out 0.2")
    arrays = {name: curves.get_array(name) for name in curves.get_arraynames()}
    return _enrichment(report, arrays) if kind == "enrichment" else _reliability(report, arrays)


def _enrichment(report: Mapping[str, Any], arrays: Mapping[str, Any]) -> Figure:
    from aiida_gbml.science.compounds.plots.enrichment import plot_enrichment

    hits = dict(zip(arrays["models"].tolist(), arrays["curve_hits"], strict=True))
    n_later, n_candidates = report["later"]["n_candidates"], report["n_candidates"]
    return plot_enrichment(arrays["curve_points"], hits, n_later, n_candidates, unseen=unseen_of(report))


def _reliability(report: Mapping[str, Any], arrays: Mapping[str, Any]) -> Figure:
    import numpy as np

    from aiida_gbml.science.compounds.evaluation.reliability import Reliability
    from aiida_gbml.science.compounds.plots.reliability import plot_reliability

    if not len(arrays.get("reliability_models", ())):
        raise ValueError("none of the models says how probable a composition is, so that nothing can be held to it")
    labels = arrays["reliability_models"]
    names = ("predicted", "observed", "lower", "upper", "counts")
    columns = [arrays[f"reliability_{name}"] for name in names]
    found = {
        label: Reliability(*(column[np.flatnonzero(labels == label)] for column in columns))
        for label in dict.fromkeys(labels.tolist())
    }
    return plot_reliability(found, unseen="was held out" if unseen_of(report) == HELD_OUT else "came later")


def _factors(model: ModelData | None) -> Figure:
    """Return the map of the ions of a model."""
    from aiida_gbml.science.compounds.plots.factor_map import plot_factor_map
    from aiida_gbml.science.compounds.score_shard import read_model

    if model is None:
        raise ValueError("there is no fitted model yet")
    return plot_factor_map(read_model(model.content).ion_vectors())
