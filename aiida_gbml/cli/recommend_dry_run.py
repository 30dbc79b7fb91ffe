"""What a recommendation would take, said without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.cli.composition_subjects import Subject
from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.potentials import check_potential
from aiida_gbml.cli.recommend_configuration import find_ions, find_sets, overrides_of
from aiida_gbml.cli.verification_configuration import find_structures
from aiida_gbml.science.compounds.verification import VerificationSettings
from aiida_gbml.science.structure_set import StructureSet

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.data.ion_table import IonTableData

_AN_HOUR = 3600  # s

STREAMED = 5e8
"""Candidates that a model that is a matrix product scores in a CPU second."""

ONE_BY_ONE = 1e5
"""Candidates that any other model scores in a CPU second."""


def describe(settings: Mapping[str, Any]) -> str:
    """Return what is known, how much of it is among the candidates, their number, and a rough cost.

    :param settings: see :mod:`aiida_gbml.cli.recommend_configuration`.
    :raises ValueError: when there is no such recommendation, in one sentence.
    """
    from aiida_gbml.science.compounds.evaluation.coverage import Coverage
    from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain
    from aiida_gbml.workflows.compounds.recommendation_validation import candidate_space

    subjects = find_sets(settings)
    known = subjects["known"].node.compositions
    ions = find_ions(settings.get("ions"), settings.get("mixed_valence", False))
    inputs = RecommendationWorkChain.get_complete_inputs(known, ions, settings.get("protocol"), overrides_of(settings))
    _check(RecommendationWorkChain.get_setting_nodes(inputs), subjects, ions)
    space = candidate_space(inputs["space"], ions)
    coverage = Coverage.of(known, space)
    count = space.count()
    outside = ", ".join(f"{reason} {number}" for reason, number in coverage.outside.items() if number)
    rejected = ", ".join(f"{number} {kind}" for kind, number in known.rejected_counts().items())
    lines = {
        "known": f"{len(known)} compositions, {int(np.count_nonzero(known.arity == space.arity))} of "
        f"{space.arity} elements, {known.n_duplicates} repeated rows left out",
        "rejected": f"{len(known.rejected)} rows: {rejected}" if known.rejected else "no row",
        "covered": f"{len(coverage)} of them are among the candidates"
        + (f"; others are not by: {outside}" if outside else ""),
        "candidates": f"{count:,} neutral compositions of {space.arity} elements, {count - len(coverage):,} of them "
        "not known",
    }
    if "exclude" in subjects:
        lines["excluded"] = f"{len(subjects['exclude'].node)} compositions of a second database"
    lines["model"] = str(inputs["model"]["kind"])
    lines["shards"] = f"{inputs['n_shards']}, at most {inputs['max_concurrent']} at a time"
    lines["cost"] = _cost(inputs, count)
    if inputs["validation"] is not None or "later" in subjects:
        judged = "a second database" if "later" in subjects else _judged_by(inputs["validation"])
        lines["validation"] = f"by {judged}, which fits and ranks once more"
    crystals = find_structures(settings)
    if crystals is not None:
        check_potential(settings["verification"].get("engine", {}))
        lines["verified"] = _verified(settings["verification"], {name: one.content for name, one in crystals.items()})
    return "\n".join(f"{name:<12}{text}" for name, text in lines.items())


def _judged_by(split: Mapping[str, Any]) -> str:
    """Return by what a model is judged, in words.

    :param split: plain values of a division of the known compositions.
    """
    from aiida_gbml.science.compounds.evaluation.splits import Split

    given = Split.from_dict(split)
    if given.kind == "chronological":
        return f"what was first seen from {given.cutoff} on"
    return f"{100 * given.fraction:.3g} % of the known, held out at random"


def _verified(given: Mapping[str, Any], crystals: Mapping[str, StructureSet]) -> str:
    """Return what is to be computed, before it is known which compositions come first."""
    settings = VerificationSettings.from_dict(given.get("settings", {}))
    n_prototypes = len(crystals["prototypes"])
    n_structures = settings.n_compositions * min(settings.n_prototypes, n_prototypes)
    n_phases = len(crystals.get("competing", crystals["prototypes"]))
    return (
        f"the best {settings.n_compositions} that have one of {n_prototypes} prototypes: at most {n_structures} "
        f"structures, and at most {n_phases} competing phases"
    )


def _cost(inputs: Mapping[str, Any], count: int) -> str:
    """Return an order of magnitude of the scoring in words."""
    from aiida_gbml.science.compounds.recommenders.base import Recommender
    from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS

    kind = (inputs["shortlist"] or inputs["model"])["kind"]
    streams = RECOMMENDERS[kind].kernel is not Recommender.kernel
    sparse = RECOMMENDERS[kind].support is not Recommender.support
    if sparse and not streams:
        return "seconds: the model scores only what is like a known composition"
    seconds = count / (STREAMED if streams else ONE_BY_ONE)
    text = f"{max(seconds, 1):,.0f} CPU seconds" if seconds < _AN_HOUR else f"{seconds / _AN_HOUR:,.0f} CPU hours"
    advice = "; a shortlist or more shards would help" if seconds > _AN_HOUR else ""
    return f"about {text} to score all candidates, beside the fit{advice}"


def _check(nodes: Mapping[str, orm.Data], subjects: Mapping[str, Subject], ions: IonTableData) -> None:
    """Raise when a recommendation would refuse these inputs; nothing is stored.

    :param nodes: what the settings become.
    :raises ValueError: in the sentence of the recommendation.
    """
    from aiida_gbml.workflows.compounds.recommendation_validation import validate_recommendation

    given: dict[str, Any] = {**nodes, "known": subjects["known"].node, "ions": ions}
    split = given.pop("validation", None)
    if "later" in subjects:
        given["validation"] = {"later": subjects["later"].node}
    elif split is not None:
        given["validation"] = {"split": split}
    complaint = validate_recommendation(given, None)
    if complaint is not None:
        raise ConfigurationError(complaint)
