r"""Neighbour substitution: a composition is likely when a similar element is known in one of its places.

With :math:`M` the unfolding of known compositions (rows: cations; columns: what surrounds them), the similarity of two
elements is the cosine of their rows, :math:`\mathrm{sim}(A, A') = \langle M_A, M_{A'}\rangle / |M_A||M_{A'}|`, and zero
with itself. The score sums over the places of the composition,
:math:`s = \sum_i \sum_{A'} \mathrm{sim}(A_i, A')\, M_{A'}[\text{surroundings of } i]`:
each term is a known composition, so that the score explains itself.

Neighbours that resemble each other say the same more than once. With a ridge :math:`\lambda` they share their weight:
in place of the similarities stand the weights of a kernel ridge regression over the elements,
:math:`K (K + \lambda)^{-1}` with :math:`K` the cosines and one on the diagonal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import IonVectors, Recommender, RecommenderError
from aiida_gbml.science.compounds.recommenders.settings import FLAG, Settings, above_zero
from aiida_gbml.science.compounds.recommenders.sparse_tensor import (
    RoleAxes,
    completions,
    contexts,
    find,
    known_of_lower_arity,
)
from aiida_gbml.science.compounds.roles import RoleTable

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class SubstitutionRecommender(Recommender):
    """Scores by substitution of one cation in a known composition.

    Many candidates tie exactly: most have the score zero.

    :param transfer: learn the similarity of elements also from known compositions of fewer elements.
    :param power: to which a similarity is raised; larger values trust the nearest neighbours only.
    :param ridge: see above; without one the weights are the similarities themselves.
    """

    kind = "substitution"
    allowed: ClassVar[Settings] = {"transfer": FLAG, "power": above_zero(10), "ridge": above_zero(1_000_000).or_none()}

    similarity_: Array
    """(c, c) similarity of cations, zero on the diagonal."""
    weights_: Array
    """(c, c) weight of a known cation (second axis) for the one in its place."""
    keys_: Array
    """(j,) surroundings that are known, ascending."""
    places_: Array
    """(m, 2) the ones of the unfolding: place of the cation, and of its surroundings."""

    def __init__(self, transfer: bool = True, power: float = 1.0, ridge: float | None = 1.0) -> None:
        self.transfer = transfer
        self.power = power
        self.ridge = ridge

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        space = self.space_
        self.axes_ = RoleAxes.of(roles, space.ions).without_ratios()
        self.keys_, self.places_ = unfolding(roles, self.axes_)
        examples = [*known_of_lower_arity(known, space), roles] if self.transfer else [roles]
        gram = sum(gram_of_cations(table, self.axes_) for table in examples)
        self.similarity_ = cosine_similarity(np.asarray(gram)) ** self.power
        self.weights_ = self.similarity_ if self.ridge is None else ridge_weights(self.similarity_, self.ridge)
        self.__dict__.pop("_table", None)

    def _score(self, roles: RoleTable) -> Array:
        columns = find(self.keys_, contexts(roles))
        rows = self.axes_.cation_places(roles.cations)
        padded = self._table
        scores = np.zeros(len(roles))
        for place in range(roles.arity - 1):
            scores += padded[rows[:, place], columns[:, place]]
        return scores

    def support(self) -> RoleTable:
        """Return all neutral compositions that differ from a known one in one cation, or in none."""
        return completions(self.keys_, self.axes_, self.space_)

    def ion_vectors(self) -> dict[str, IonVectors]:
        """Return the similarities of each cation to all others, and one to itself where it was seen."""
        self._check_fitted()
        seen = np.diag(self.similarity_.any(axis=1).astype(float))
        return {"cations": IonVectors(self.axes_.cations, self.similarity_ + seen)}

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        return substitution_weights(row, others, self.weights_, self.axes_)

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        columns = find(self.keys_, contexts(row))[0]
        rows = self.axes_.cation_places(row.cations)[0]
        for number, place, column in zip(row.cations[0].tolist(), rows, columns, strict=True):
            yield f"substitution of {SYMBOLS[number]}", float(self._table[place, column])

    def _arrays(self) -> dict[str, Array]:
        return {
            "similarity": self.similarity_,
            "weights": self.weights_,
            "keys": self.keys_,
            "places": self.places_,
            **self.axes_.to_arrays(),
        }

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.axes_ = RoleAxes.from_arrays(arrays)
        self.similarity_, self.weights_ = arrays["similarity"], arrays["weights"]
        self.keys_, self.places_ = arrays["keys"], arrays["places"]
        n_cations = len(self.axes_.cations)
        square = (n_cations, n_cations)
        if self.similarity_.shape != square or self.weights_.shape != square or self.places_.ndim != 2:
            raise RecommenderError("the similarities do not fit the cations")
        if len(self.places_) and np.any(self.places_.max(axis=0) >= (n_cations, len(self.keys_))):
            raise RecommenderError("a known composition is outside of the table")

    @cached_property
    def _table(self) -> Array:
        """(c + 1, j + 1) score of each cation in each of the surroundings; the last row and column are zero.

        Known compositions are added one after the other, so that the sums are the same on every machine.
        """
        table = np.zeros((len(self.axes_.cations) + 1, len(self.keys_) + 1))
        for cation, column in self.places_.tolist():
            table[:-1, column] += self.weights_[:, cation]
        return table


def unfolding(roles: RoleTable, axes: RoleAxes, with_anion: bool = True) -> tuple[Array, Array]:
    """Return the unfolding with the cation as row, or with cation and anion as row.

    :param with_anion: whether the anion belongs to the columns.
    :returns: the (j,) keys of the columns, ascending, and the (m, 2) places of the ones, ordered by column and row.
    """
    keys, columns = np.unique(contexts(roles, with_anion), return_inverse=True)
    rows = row_places(roles, axes, with_anion)
    places = np.column_stack([rows.ravel(), columns.ravel()])
    return keys, places[np.lexsort((places[:, 0], places[:, 1]))]


def row_places(roles: RoleTable, axes: RoleAxes, with_anion: bool = True) -> Array:
    """Return the (n, k) rows of the cations in an unfolding, -1 for an element that has none."""
    cations = axes.cation_places(roles.cations)
    if with_anion:
        return cations
    anions = axes.anion_places(roles.anions)[:, None]
    return np.where((cations < 0) | (anions < 0), -1, cations * len(axes.anions) + anions)


def matrix(keys: Array, places: Array, n_rows: int) -> csr_array:
    """Return the (n_rows, j) unfolding."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(places)), (places[:, 0], places[:, 1])), shape=(n_rows, len(keys)))


def gram_of_cations(roles: RoleTable, axes: RoleAxes) -> Array:
    """Return (c, c) in how many surroundings two cations are both known; the numbers are whole, and exact."""
    one = matrix(*unfolding(roles, axes), len(axes.cations))
    gram: Array = (one @ one.T).toarray()
    return gram


def cosine_similarity(gram: Array) -> Array:
    """Return the cosines of the rows with the given scalar products, zero on the diagonal and for empty rows."""
    lengths = np.sqrt(np.diag(gram))
    similarity: Array = gram / np.where(lengths > 0, lengths, 1.0)[:, None] / np.where(lengths > 0, lengths, 1.0)
    np.fill_diagonal(similarity, 0.0)
    return similarity


def ridge_weights(similarity: Array, ridge: float) -> Array:
    """Return the (c, c) weights of a kernel ridge regression with a kernel that is one on the diagonal.

    :param similarity: (c, c) the kernel elsewhere.
    """
    kernel = similarity + np.eye(len(similarity))
    weights = np.linalg.solve(kernel + ridge * np.eye(len(kernel)), kernel)
    symmetric: Array = (weights + weights.T) / 2
    return symmetric


def substitution_weights(row: RoleTable, others: RoleTable, weights: Array, axes: RoleAxes) -> Array:
    """Return the (n,) weights of compositions that differ from one in a single cation, and 0 for all others.

    :param weights: (c, c) of a known cation (second axis) for the one in its place (first axis).
    """
    keys, known_keys = contexts(row)[0], contexts(others)
    own, known_rows = axes.cation_places(row.cations)[0], axes.cation_places(others.cations)
    total = np.zeros(len(others))
    for place, key in zip(own, keys, strict=True):
        total += np.where(known_keys == key, weights[place, known_rows], 0.0).sum(axis=1)
    return total
