"""The steps of a recommendation, each as a process that is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli import foreground
from aiida_gbml.cli.composition_subjects import Subject, find_compositions
from aiida_gbml.cli.configuration import ConfigurationError, check, find_code
from aiida_gbml.cli.recommend_configuration import find_ions

if TYPE_CHECKING:
    from aiida import orm
    from aiida.engine import ProcessBuilder

    from aiida_gbml.data.composition_set import CompositionSetData
    from aiida_gbml.data.model import ModelData
    from aiida_gbml.science.compounds.composition import Composition
    from aiida_gbml.science.compounds.composition_set import CompositionSet
    from aiida_gbml.science.compounds.recommenders.base import Explanation, Recommender

_FIT = {"model": "gbml.model", "report": "core.dict"}
_RANKING = {"ranking": "gbml.ranking"}


def fit(
    known: str,
    model: Mapping[str, Any],
    worker: str | None,
    label: str = "",
    *,
    arity: int | None = None,
    ions: str | None = None,
    mixed_valence: bool = False,
    column: str | None = None,
) -> orm.CalcJobNode:
    """Return the finished job that fitted a recommender.

    :raises ValueError: when something does not exist or makes no sense, or the fit failed.
    """
    from aiida import orm

    from aiida_gbml.calculations.plan_recommendation import plan_recommendation
    from aiida_gbml.workflows.compounds.recommendation_validation import check_model, validate_recommendation

    code = find_code(worker or "worker", "worker")
    subject = find_compositions(known, {} if column is None else {"column": column})
    table, space = find_ions(ions, mixed_valence), orm.Dict({"arity": arity or 3})
    check_model(model)
    complaint = validate_recommendation({"known": subject.node, "space": space, "ions": table}, None)
    if complaint:
        raise ConfigurationError(complaint)
    planned: Any = plan_recommendation(space, table, orm.Dict(dict(model)))
    arrays = {"known": subject.store()}
    return foreground.run_task(code, "compounds.fit_recommender", arrays, planned["fit"], types=_FIT, label=label)


def score(
    model: orm.Node, *, known: str | None, exclude: str | None, top_k: int, worker: str | None
) -> orm.CalcJobNode:
    """Return the finished job that ranked all candidates by a model.

    :raises ValueError: when something does not exist, or the job failed.
    """
    from aiida import orm

    fitted = find_model(model)
    code = find_code(worker or "worker", "worker")
    arrays = {"model": fitted, "known": _known(fitted, known).store()}
    if exclude is not None:
        arrays["exclude"] = find_compositions(exclude).store()
    return foreground.run_task(code, "compounds.score_shard", arrays, orm.Dict({"top_k": top_k}), types=_RANKING)


def scores(formulas: Sequence[str], model: orm.Node, known: str | None = None) -> list[dict[str, Any]]:
    """Return the scores of some compositions by a model, and whether each is known already; none where nothing says so.

    :param known: file or node of the known ones; by default those that the model was fitted to.
    :raises ValueError: for a formula that cannot be read, or is no candidate of the model.
    """
    from aiida_gbml.science.compounds.composition import parse_formula

    fitted = find_model(model)
    recommender = load_recommender(fitted)
    told = known is not None or _fitted_to(fitted) is not None
    compositions = _known(fitted, known).node.compositions if told else None
    rows = []
    for text in formulas:
        composition = parse_formula(text)
        value = float(recommender.score(recommender.roles_of(composition))[0])
        rows.append({"formula": composition.formula, "score": value, "known": _is_known(composition, compositions)})
    return rows


def explain(formula: str, model: orm.Node, known: str | None, count: int) -> tuple[Explanation, bool]:
    """Return the known analogues of a composition and the factors behind its score, and whether it is known already.

    :raises ValueError: for a formula that cannot be read, or is no candidate of the model.
    """
    from aiida_gbml.science.compounds.composition import parse_formula

    fitted = find_model(model)
    recommender = load_recommender(fitted)
    composition = parse_formula(formula)
    recommender.roles_of(composition)
    compositions = _known(fitted, known).node.compositions
    return recommender.explain(composition, compositions, count), bool(_is_known(composition, compositions))


def evaluate(
    known: str,
    *,
    later: str | None,
    hold_out: float | None,
    cutoff: str | None,
    kinds: Sequence[str],
    arity: int | None,
    ions: str | None,
    mixed_valence: bool,
    column: str | None,
    protocol: str | None,
    worker: str | None,
) -> orm.WorkChainNode:
    """Return the evaluation of recommenders that was run.

    :raises ValueError: when something does not exist or makes no sense.
    """
    from aiida_gbml.workflows.compounds.recommender_evaluation import RecommenderEvaluationWorkChain

    if sum(one is not None for one in (later, hold_out, cutoff)) > 1:
        raise ConfigurationError("--later, --hold-out and --cutoff are different ways to judge: give one of them")
    split: dict[str, Any] | None = None
    if cutoff is not None:
        split = {"kind": "chronological", "cutoff": int(cutoff) if cutoff.isdecimal() else cutoff}
    elif hold_out is not None:
        split = {"kind": "holdout", "fraction": hold_out, "seed": 0}
    options = {} if column is None else {"column": column}
    subject = find_compositions(known, options)
    others = None if later is None else find_compositions(later, options)
    builder: ProcessBuilder = RecommenderEvaluationWorkChain.get_builder_from_protocol(
        find_code(worker or "worker", "worker"),
        subject.node,
        later=None if others is None else others.node,
        split=split,
        ions=find_ions(ions, mixed_valence),
        models=list(kinds) or None,
        protocol=protocol,
        overrides={"space": {"arity": arity or 3}},
    )
    check(builder)
    builder.known = subject.store()
    if others is not None:
        builder.later = others.store()
    return foreground.run(builder, "evaluation", "step")


def find_model(node: orm.Node) -> ModelData:
    """Return the fitted recommender of a node: itself, or the output of a process.

    :raises ConfigurationError: when there is none.
    """
    from aiida import orm

    from aiida_gbml.data.model import ModelData

    found: Any = node
    if isinstance(node, orm.ProcessNode):
        outputs = node.outputs.results if "results" in node.outputs else node.outputs
        found = outputs.model if "model" in outputs else None
    if not isinstance(found, ModelData) or not str(found.base.attributes.get("kind")).startswith("recommender."):
        raise ConfigurationError(f"node {node.pk} neither is nor has a fitted recommender")
    return found


def load_recommender(model: ModelData) -> Recommender:
    """Return the recommender of a node."""
    from aiida_gbml.science.compounds.score_shard import read_model

    return read_model(model.content)


def _known(model: ModelData, given: str | None) -> Subject:
    """Return the known compositions: those that are given, or those that the model was fitted to."""
    if given is not None:
        return find_compositions(given)
    fitted_to = _fitted_to(model)
    if fitted_to is None:
        raise ConfigurationError(f"nothing says what model {model.pk} was fitted to: give --known")
    return find_compositions(fitted_to.pk)


def _fitted_to(model: ModelData) -> CompositionSetData | None:
    """Return the compositions that a model was fitted to; none where it has no creator."""
    creator = model.creator
    arrays = creator.inputs.arrays if creator is not None and "arrays" in creator.inputs else {}
    return arrays.get("known")


def _is_known(composition: Composition, known: CompositionSet | None) -> bool | None:
    from aiida_gbml.science.compounds.composition_set import CompositionSet

    return None if known is None else bool(known.contains(CompositionSet.of([composition]))[0])
