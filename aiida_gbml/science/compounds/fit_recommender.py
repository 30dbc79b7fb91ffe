"""The task that fits a recommender to known compositions.

Input (bytes): ``known``, a :class:`~.composition_set.CompositionSet` archive.

Parameters (JSON):

- ``space``: :meth:`~.candidates.CandidateSpace.to_dict` of what is to be ranked; at least ``{"arity": 3}``;
- ``model``: ``{"kind": ..., "settings": {...}}`` of the registry of recommenders; optional, ``ensemble`` by default;
- ``cutoff``: optional first-seen value; only compositions from before it are learned from;
- ``training_uuids``: optional list of the nodes of the known compositions, which the model file keeps.

Outputs (bytes):

- ``model``: a :class:`~aiida_gbml.science.learning.model_file.ModelFile` of the kind ``recommender.<kind>``. Its
  hyperparameters hold the ``settings``, the ``space``, and of the ``training`` compositions ``sha256``, ``n_known``,
  ``n_used`` (neutral ones of the arity), ``source``, ``licence``, ``last_seen``, ``cutoff`` and their ``age_unit``;
- ``report``: JSON with ``kind``, ``arity``, ``settings``, the values of ``training``, ``n_left_out`` (not from before
  the cut-off), ``bytes`` of the model and ``cpu_s``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.task import main

DEFAULT = "ensemble"

_PARAMETERS = {"space", "model", "cutoff", "training_uuids"}


class FitError(ValueError):
    """The task cannot accept its inputs."""


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Return the bytes of the outputs; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    begun = time.process_time()
    strange = sorted(set(parameters) - _PARAMETERS)
    if strange or "space" not in parameters:
        wrong = f"the unknown parameter '{strange[0]}'" if strange else "no parameter 'space'"
        raise FitError(f"the fit of a recommender has {wrong}; it takes {', '.join(sorted(_PARAMETERS))}")
    if set(inputs) != {"known"}:
        raise FitError(f"the fit of a recommender takes the input 'known', got {', '.join(sorted(inputs)) or 'none'}")
    known, cutoff = CompositionSet.from_bytes(inputs["known"]), parameters.get("cutoff")
    if cutoff is not None and type(cutoff) is not int:
        raise FitError(f"the cut-off must be a whole number, as first-seen values are, got {cutoff!r}")
    earlier = known if cutoff is None else known.before(cutoff)
    space, model = CandidateSpace.from_dict(parameters["space"]), make_recommender(parameters.get("model", {}))
    try:
        model.fit(earlier, space)
    except ImportError as exception:
        raise FitError(
            f"the recommender '{model.kind}' needs a package that is missing: {exception}; install it where the "
            "worker runs, or choose another recommender"
        ) from exception
    model.training_ = replace(model.training_, cutoff=cutoff)
    file = replace(model.to_file(), training_uuids=list(map(str, parameters.get("training_uuids", []))))
    content = file.to_bytes()
    report = {
        "kind": model.kind,
        "arity": model.space_.arity,
        "settings": file.hyperparameters["settings"],
        **asdict(model.training_),
        "n_left_out": len(known) - len(earlier),
        "bytes": len(content),
        "cpu_s": round(time.process_time() - begun, 2),
    }
    return {"model": content, "report": write_json(report)}


def make_recommender(given: Any) -> Recommender:
    """Return the recommender, not fitted, of a description with ``kind`` and ``settings``.

    :raises ValueError: for an unknown kind, settings that it does not have, or values that they cannot have.
    """
    if not isinstance(given, Mapping) or set(given) - {"kind", "settings"}:
        raise FitError(f"a model has a 'kind' and 'settings', got {given!r}")
    kind, settings = given.get("kind", DEFAULT), given.get("settings", {})
    if kind not in RECOMMENDERS:
        raise FitError(f"there is no recommender {kind!r}, known are {', '.join(sorted(RECOMMENDERS))}")
    try:
        model = RECOMMENDERS[kind](**settings)
    except TypeError as exception:
        names = ", ".join(RECOMMENDERS[kind]().get_params())
        raise FitError(f"the settings {settings!r} are not those of '{kind}', which has {names}") from exception
    model.check_settings()
    return model


if __name__ == "__main__":
    sys.exit(main(run))
