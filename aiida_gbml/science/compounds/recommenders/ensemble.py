r"""The default recommender: ridge regression on the tensor, substitution and two factorisations, added.

.. math:: s = \sum_m w_m \frac{s_m}{s_m(1000)}

Each score is divided by its own value at rank 1000 of the candidates that are not known, which makes them comparable.
The regression (:mod:`.tensor_ridge`) with the similarity of elements of :mod:`.element_kernel` carries most of the
weight; the others keep the first hundred diverse.

Candidates are those that differ from a known composition in one cation; every other one has the score zero. They are
a few in a hundred of all, so that their scores are stored: a look-up gives every machine the same bits, and each score
has known analogues that explain it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, get_args

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import UNKNOWN, CompositionSet
from aiida_gbml.science.compounds.recommenders.base import IonVectors, Recommender, RecommenderError
from aiida_gbml.science.compounds.recommenders.calibration import Calibration, Method
from aiida_gbml.science.compounds.recommenders.element_kernel import anion_kernel, cation_kernel, smoother
from aiida_gbml.science.compounds.recommenders.settings import (
    SEED,
    Allowed,
    Settings,
    above_zero,
    is_number,
    number,
    one_of,
)
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, leading_vectors
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender, substitution_weights
from aiida_gbml.science.compounds.recommenders.tensor_ridge import fits_memory, place_scores, ridge_scores
from aiida_gbml.science.compounds.recommenders.unfolding import SvdCationRecommender, SvdPairRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles

WEIGHTS = {"ridge": 2.0, "substitution": 1 / 3, "svd_cation": 1 / 3, "svd_pair": 1 / 3}
"""Of the members. Other choices found as many later compositions, within the noise, on every part of the data tried."""

_SOME_WEIGHTS = Allowed(
    f"numbers above 0 by {', '.join(WEIGHTS)}",
    lambda value: (
        isinstance(value, Mapping)
        and len(value) > 0
        and set(value) <= set(WEIGHTS)
        and all(is_number(weight) and weight > 0 for weight in value.values())
    ),
)
_RANK = 1000
_PENALTY = 1.0
_PLACE_PENALTY = 0.3
_LEAST = 1e-3  # part of the largest score below which one is no measure of the others
_FEWEST = 40
"""Known compositions below which no fifth is held out to learn probabilities from."""


class EnsembleRecommender(Recommender):
    """Sum of four scores, with calibrated probabilities.

    :param weights: of the members ``ridge``, ``substitution``, ``svd_cation`` and ``svd_pair``; :data:`WEIGHTS` by
        default. A member without a weight is left out.
    :param penalty: of the ridge regression.
    :param held_out: part of the known compositions that is held out once to learn probabilities from: the youngest if
        their ages are known and tell them apart, else a random part. Zero for no probabilities.
    :param calibration: ``isotonic`` or ``platt``, see :mod:`.calibration`.
    :param seed: of the random part.
    """

    kind = "ensemble"
    allowed: ClassVar[Settings] = {
        "weights": _SOME_WEIGHTS.or_none(),
        "penalty": above_zero(1_000_000),
        "held_out": number(0, 0.5),
        "calibration": one_of(*get_args(Method)),
        "seed": SEED,
    }

    members_: list[str]
    """Names of the columns of the parts."""
    support_: RoleTable
    """n compositions with a score, in the order of their keys."""
    parts_: Array
    """(n, m) what each member adds to the score, 32 bits."""
    similarity_: Array
    """(c, c) weight of a known cation (second axis) for the one in its place."""
    kernel_: Array
    """(c, c) similarity of the cations."""
    calibration_: Calibration | None
    """Probabilities by score."""

    def __init__(
        self,
        weights: dict[str, float] | None = None,
        penalty: float = _PENALTY,
        held_out: float = 0.2,
        calibration: Method = "isotonic",
        seed: int = 0,
    ) -> None:
        self.weights = weights
        self.penalty = penalty
        self.held_out = held_out
        self.calibration = calibration
        self.seed = seed

    @property
    def probability(self) -> Callable[[Array], Array] | None:
        """Function from scores to probabilities to be reported next, see :class:`Calibration`; ``None`` without any."""
        return self.calibration_.reported if self.calibration_ is not None else None

    def support(self) -> RoleTable:
        """Return the compositions that differ from a known one in one cation, or in none."""
        self._check_fitted()
        return self.support_

    def member_scores(self, roles: RoleTable) -> dict[str, Array]:
        """Return what each member adds to the (n,) scores, by name."""
        self._check_fitted()
        parts = self._parts(roles)
        return {name: parts[:, column].astype(np.float64) for column, name in enumerate(self.members_)}

    def ion_vectors(self) -> dict[str, IonVectors]:
        """Return the leading directions of the similarity of cations, each as long as its weight."""
        self._check_fitted()
        vectors = leading_vectors(self.kernel_, min(10, len(self.kernel_)))
        lengths = np.sqrt(np.einsum("ij,ik,kj->j", vectors, self.kernel_, vectors))
        return {"cations": IonVectors(self.axes_.cations, vectors * lengths)}

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        weights = WEIGHTS if self.weights is None else self.weights
        self.calibration_ = None
        if self.held_out and len(roles) >= _FEWEST:
            self.calibration_ = self._calibrated(known, roles)
        self.axes_ = RoleAxes.of(roles, self.space_.ions).without_ratios()
        self.kernel_ = cation_kernel(known, [roles], self.axes_)
        self.similarity_ = smoother(self.kernel_, _PLACE_PENALTY)
        members: dict[str, Recommender] = {
            "substitution": SubstitutionRecommender(),
            "svd_cation": SvdCationRecommender(),
            "svd_pair": SvdPairRecommender(),
        }
        support = members["substitution"].fit(known, self.space_).support()
        if support is None or not len(support):
            raise RecommenderError("no neutral composition differs from a known one in one cation")
        keys = keys_of_roles(support)
        order = np.argsort(keys)
        self.support_ = support.take(order)
        unknown = ~among(keys[order], np.sort(keys_of_roles(roles)))
        self.members_ = list(weights)
        parts = []
        for name, weight in weights.items():
            model = members.get(name)
            scores = self._ridge(roles) if model is None else model.fit(known, self.space_).score(self.support_)
            parts.append(weight / sum(weights.values()) * scores / _at_rank(scores, unknown))
        self.parts_ = np.column_stack(parts).astype(np.float32)
        self._keys = keys[order]

    def _ridge(self, roles: RoleTable) -> Array:
        """Return the (n,) values of the ridge regression on the support."""
        if not fits_memory(self.axes_, roles.arity):
            return place_scores(roles, self.support_, self.axes_, self.similarity_)
        axes = RoleAxes.of(roles, self.space_.ions)
        kernels = (self.kernel_, anion_kernel(roles, axes))
        return ridge_scores(roles, self.support_, self.axes_, kernels, self.penalty)

    def _calibrated(self, known: CompositionSet, roles: RoleTable) -> Calibration | None:
        """Return probabilities learned from a part of the known compositions that a second model was not shown."""
        shown = known.take(~_held_out(known, self.space_, self.held_out, self.seed))
        settings = {**self.get_params(), "held_out": 0.0}
        try:
            model = type(self)(**settings).fit(shown, self.space_)
        except RecommenderError:  # the older part has nothing of this arity
            return None
        inside, _ = RoleTable.of(shown, self.space_.ions, self.space_.arity, self.space_.limits)
        keys = keys_of_roles(model.support_)
        unknown = ~among(keys, np.sort(keys_of_roles(inside)))
        held = unknown & among(keys, np.sort(keys_of_roles(roles)))
        scores = model.score(model.support_)
        if min(np.count_nonzero(held), np.count_nonzero(unknown & ~held)) < 2:
            return None
        # Held-out ones without a score stand for known ones that would have none either.
        n_known = round(len(roles) * np.count_nonzero(held) / (len(roles) - len(inside)))
        return Calibration.of(scores[held], scores[unknown & ~held], n_known, self.calibration)

    def _score(self, roles: RoleTable) -> Array:
        parts = self._parts(roles)
        scores = np.zeros(len(roles))
        for column in range(parts.shape[1]):
            scores += parts[:, column]
        return scores

    def _parts(self, roles: RoleTable) -> Array:
        """Return the (n, m) stored parts, zero outside the support."""
        keys = keys_of_roles(roles)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        result: Array = np.where((self._keys[places] == keys)[:, None], self.parts_[places], np.float32(0))
        return result

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        return substitution_weights(row, others, self.similarity_, self.axes_)

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        return zip(self.members_, self._parts(row)[0].astype(np.float64).tolist(), strict=True)

    def _arrays(self) -> dict[str, Array]:
        arrays = {
            "members": np.array(self.members_, dtype=np.str_),
            "support.cations": self.support_.cations,
            "support.anions": self.support_.anions,
            "support.coefficients": self.support_.coefficients,
            "parts": self.parts_,
            "similarity": self.similarity_,
            "kernel": self.kernel_,
            **self.axes_.to_arrays(),
        }
        return arrays | (self.calibration_.to_arrays() if self.calibration_ is not None else {})

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.axes_ = RoleAxes.from_arrays(arrays)
        self.members_ = arrays["members"].tolist()
        self.support_ = RoleTable(*(arrays[f"support.{name}"] for name in ("cations", "anions", "coefficients")))
        self.parts_, self.similarity_, self.kernel_ = (arrays[name] for name in ("parts", "similarity", "kernel"))
        has_calibration = any(name.startswith("calibration.") for name in arrays)
        self.calibration_ = Calibration.from_arrays(arrays) if has_calibration else None
        self._keys = keys_of_roles(self.support_)
        square = (len(self.axes_.cations),) * 2
        if self.parts_.shape != (len(self.support_), len(self.members_)) or not len(self.support_):
            raise RecommenderError("the parts of the scores do not fit the compositions")
        if self.similarity_.shape != square or self.kernel_.shape != square or np.any(np.diff(self._keys) <= 0):
            raise RecommenderError("the similarities do not fit the cations, or the compositions are in no order")


def _held_out(known: CompositionSet, space: CandidateSpace, part: float, seed: int) -> Array:
    """Return the (n,) mask of the known compositions to hold out: the youngest of all, or some of those with roles."""
    _, rows = RoleTable.of(known, space.ions, space.arity, space.limits)
    ages = known.first_seen
    if np.all(ages[rows] != UNKNOWN):
        cutoff = np.quantile(ages[rows], 1 - part)
        if np.mean(ages[rows] >= cutoff) < 2 * part:  # else too many are of one age
            return np.asarray(ages >= cutoff)
    order = rows[np.argsort(known.keys[rows])]  # the order of the known compositions means nothing
    drawn = np.random.default_rng(seed).choice(order, max(1, round(part * len(order))), replace=False)
    mask = np.zeros(len(known), dtype=bool)
    mask[drawn] = True
    return mask


def _at_rank(scores: Array, unknown: Array) -> float:
    """Return the score at rank 1000 of those that are not known, or of a tenth of them where they are few."""
    rest = scores[unknown] if unknown.any() else scores
    rank = min(_RANK, max(1, len(rest) // 10))
    value = float(np.partition(rest, len(rest) - rank)[len(rest) - rank])
    largest = float(scores.max())
    return value if value > _LEAST * largest else max(largest, _LEAST)
