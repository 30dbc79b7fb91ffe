r"""Factorization machines: pairs of features interact through vectors, so that pairs never seen together have a say.

.. math:: s(x) = w_0 + \sum_i w_i x_i
          + \tfrac12 \sum_f \Bigl[\bigl(\sum_i v_{if} x_i\bigr)^2 - \sum_i v_{if}^2 x_i^2\Bigr]

(Rendle, ICDM 2010). The library myFM fits them; what is stored are :math:`w_0`, :math:`w` and :math:`v`.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import Recommender, RecommenderError
from aiida_gbml.science.compounds.recommenders.role_descriptors import DESCRIPTOR_NAMES, role_descriptors
from aiida_gbml.science.compounds.recommenders.settings import MOST_SWEEPS, SEED, Settings, whole
from aiida_gbml.science.compounds.recommenders.unlabelled import draw_unlabelled
from aiida_gbml.science.compounds.roles import RoleTable

_ROWS = 1 << 13


class FactorizationMachineRecommender(Recommender):
    """A factorization machine on what a composition is made of: its ions, each cation with its coefficient, the ratio.

    It learns to tell known compositions from candidates drawn at random, as a probit model whose posterior is sampled.

    :param rank: length of the vectors.
    :param n_unlabelled: candidates that are drawn for each known composition.
    :param iterations: of Gibbs sampling.
    :param samples: the last ones are kept, and their scores averaged.
    :param seed: of the draw and the sampling.
    """

    kind = "factorization_machine"
    allowed: ClassVar[Settings] = {
        "rank": whole(1, 100),
        "n_unlabelled": whole(1, 1000),
        "iterations": whole(1, MOST_SWEEPS),
        "samples": whole(1, 100),
        "seed": SEED,
    }

    uses_descriptors = False
    """Whether compositional descriptors are features as well."""

    def __init__(
        self, rank: int = 8, n_unlabelled: int = 15, iterations: int = 60, samples: int = 5, seed: int = 0
    ) -> None:
        self.rank = rank
        self.samples = samples
        self.n_unlabelled = n_unlabelled
        self.iterations = iterations
        self.seed = seed

    def check_settings(self) -> None:
        """Raise unless every setting is what it may be, and as many samples are kept as there are iterations at most.

        :raises RecommenderError: naming the setting, what it may be, and what it is.
        """
        super().check_settings()
        if self.samples > self.iterations:
            raise RecommenderError(f"of {self.iterations} 'iterations' no {self.samples} 'samples' can be kept")

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        del known
        roles = roles.take(np.lexsort((*roles.coefficients.T, roles.anions, *roles.cations.T)))
        drawn = draw_unlabelled(self.space_, self.n_unlabelled * len(roles), self.seed, roles)
        both = RoleTable.concatenate([roles, drawn])
        self.ratios_ = np.unique(_ratio_keys(roles))
        numbers = role_descriptors(both) if self.uses_descriptors else np.zeros((len(both), 0), np.float32)
        self.centre_, self.spread_ = numbers.mean(axis=0), numbers.std(axis=0) + np.finfo(np.float32).eps
        labels = np.arange(len(both)) < len(roles)
        self._learn(self._one_hot(both), self._numbers(both), labels)

    def _learn(self, places: Array, numbers: Array, labels: Array) -> None:
        """Let the library infer the weights."""
        from scipy.sparse import csr_matrix, hstack

        machine = _library().MyFMClassifier(self.rank, random_seed=self.seed)
        rows = np.repeat(np.arange(len(places)), places.shape[1])
        ones = csr_matrix((np.ones(places.size), (rows, places.ravel())), shape=(len(places), self._n_one_hot))
        features = hstack([ones, csr_matrix(numbers.astype(np.float64))], format="csr")
        sizes = [*self._sizes, *[numbers.shape[1]] * bool(numbers.shape[1])]
        with contextlib.redirect_stderr(io.StringIO()):  # a bar of its own
            machine.fit(features, labels, n_iter=self.iterations, n_kept_samples=self.samples, group_shapes=sizes)
        # The mean of the scores of several machines is the score of one whose vectors are all of theirs side by side.
        kept = machine.predictor_.samples
        self.constant_ = np.array([np.mean([one.w0 for one in kept])])
        self.weights_ = np.mean([one.w for one in kept], axis=0)
        self.vectors_ = np.hstack([one.V for one in kept]) / np.sqrt(len(kept))

    @property
    def _sizes(self) -> tuple[int, ...]:
        """Elements as cations, as anions, cations with a coefficient, and ratios; an unknown ratio comes last."""
        n = len(SYMBOLS)
        return n, n, n * self.space_.limits.cation, len(self.ratios_) + 1

    @property
    def _n_one_hot(self) -> int:
        return sum(self._sizes)

    def _one_hot(self, roles: RoleTable) -> Array:
        """Return the (n, 2k + 2) places of the ones."""
        n, limit = len(SYMBOLS), self.space_.limits.cation
        cations = roles.cations.astype(np.int64)
        amounted = 2 * n + cations * limit + roles.coefficients[:, :-1] - 1
        keys = _ratio_keys(roles)
        found = np.minimum(np.searchsorted(self.ratios_, keys), len(self.ratios_) - 1)
        ratio = np.where(self.ratios_[found] == keys, found, len(self.ratios_))
        return np.column_stack([cations, n + roles.anions.astype(np.int64), amounted, n * (2 + limit) + ratio])

    def _numbers(self, roles: RoleTable) -> Array:
        """Return the (n, d) standardised descriptors, without columns where none are used."""
        if not self.uses_descriptors:
            return np.zeros((len(roles), 0))
        numbers: Array = (role_descriptors(roles) - self.centre_) / self.spread_
        return numbers

    def _score(self, roles: RoleTable) -> Array:
        scores = np.empty(len(roles))
        for start in range(0, len(roles), _ROWS):
            part = roles.take(np.arange(start, min(start + _ROWS, len(roles))))
            scores[start : start + _ROWS] = self._score_rows(part)
        return scores

    def _score_rows(self, roles: RoleTable) -> Array:
        """Return the scores of some thousand rows, feature by feature: a sum whose order other rows cannot change."""
        linear = np.full(len(roles), self.constant_[0])
        total = np.zeros((len(roles), self.vectors_.shape[1]))
        squares = np.zeros_like(total)
        for weight, vector in self._terms(roles):
            linear += weight
            total += vector
            squares += vector**2
        pairs = np.zeros(len(roles))
        for factor in range(total.shape[1]):
            pairs += total[:, factor] ** 2 - squares[:, factor]
        return linear + pairs / 2

    def _terms(self, roles: RoleTable) -> Iterable[tuple[Array, Array]]:
        """Yield the (n,) weights and the (n, R) vectors of each feature, times its value."""
        for place in self._one_hot(roles).T:
            yield self.weights_[place], self.vectors_[place]
        first = self._n_one_hot
        for offset, value in enumerate(self._numbers(roles).T):
            yield self.weights_[first + offset] * value, value[:, None] * self.vectors_[first + offset]

    def _arrays(self) -> dict[str, Array]:
        names = ("constant", "weights", "vectors", "ratios", "centre", "spread")
        return {name: getattr(self, f"{name}_") for name in names}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        for name in ("constant", "weights", "vectors", "ratios", "centre", "spread"):
            setattr(self, f"{name}_", arrays[name])
        n_features = self._n_one_hot + len(DESCRIPTOR_NAMES) * self.uses_descriptors
        if len(self.weights_) != n_features or len(self.vectors_) != n_features:
            raise RecommenderError(f"the machine has weights of {len(self.weights_)} features, expected {n_features}")

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        """Yield the constant, and what each feature adds by itself and in its pairs, half of each pair."""
        yield "constant", float(self.constant_[0])
        terms = [(float(weight[0]), vector[0]) for weight, vector in self._terms(row)]
        total = np.sum([vector for _, vector in terms], axis=0)
        for name, (weight, vector) in zip(self._names(row), terms, strict=True):
            yield name, weight + float(vector @ (total - vector)) / 2

    def _names(self, row: RoleTable) -> list[str]:
        """Return the name of each feature of one row."""
        cations = [SYMBOLS[number] for number in row.cations[0]]
        amounts = row.coefficients[0].tolist()
        names = [f"cation {symbol}" for symbol in cations] + [f"anion {SYMBOLS[row.anions[0]]}"]
        names += [f"{symbol} times {amount}" for symbol, amount in zip(cations, amounts[:-1], strict=True)]
        names.append("ratio " + ":".join(map(str, (*sorted(amounts[:-1]), amounts[-1]))))
        return names + list(DESCRIPTOR_NAMES) * self.uses_descriptors

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        """Return the cosines between the summed vectors of compositions, which are what pairs are judged by."""
        own, theirs = self._vectors(row)[0], self._vectors(others)
        norms = np.linalg.norm(theirs, axis=1) * np.linalg.norm(own)
        cosines: Array = theirs @ own / np.maximum(norms, np.finfo(float).tiny)
        return cosines

    def _vectors(self, roles: RoleTable) -> Array:
        total: Array = np.sum([vector for _, vector in self._terms(roles)], axis=0)
        return total


def _ratio_keys(roles: RoleTable) -> Array:
    """Return (n,) whole numbers that are equal for equal ratios, whichever cation has which coefficient."""
    amounts = np.column_stack([np.sort(roles.coefficients[:, :-1], axis=1), roles.coefficients[:, -1]])
    keys = np.zeros(len(roles), dtype=np.int64)
    for column in amounts.T:
        keys = keys << 8 | column
    return keys


def _library() -> Any:
    """Return the module of the library.

    :raises ImportError: when it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own imports
            import myfm
    except ImportError as exception:
        raise ImportError(
            f"factorization machines need myFM ({exception}): `pip install 'aiida-gbml[factorization-machine]'`"
        ) from exception
    return myfm
