r"""Low-rank models of an unfolding of the tensor of known compositions: truncated SVD and non-negative factors.

:math:`M \approx U V`, with a row for each cation (``A | B X r``) or for each pair of cation and anion
(``A X | B r``), and a column for each of the surroundings that occur. The score of a composition sums over its cations:
:math:`s = \sum_i U[\text{row of } A_i] \cdot V[\text{surroundings of } A_i]`; surroundings never seen add nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import IonVectors, Recommender, RecommenderError
from aiida_gbml.science.compounds.recommenders.settings import FLAG, MOST_SWEEPS, Settings, one_of, whole
from aiida_gbml.science.compounds.recommenders.sparse_tensor import (
    RoleAxes,
    completions,
    contexts,
    find,
    known_of_lower_arity,
    leading_vectors,
)
from aiida_gbml.science.compounds.recommenders.substitution import (
    matrix,
    row_places,
    substitution_weights,
    unfolding,
)
from aiida_gbml.science.compounds.roles import RoleTable

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Rows = Literal["cation", "pair"]

RANKS: dict[Rows, int] = {"cation": 10, "pair": 20}
"""Number of factors by the rows of the unfolding."""

_RANK = whole(1, 500).or_none()
_ROUNDING = 1e-12  # of scores, which are sums of ones with weights up to one


class UnfoldingRecommender(Recommender):
    """What the factorisations of an unfolding share."""

    rank: int | None
    """Number of factors; by default :data:`RANKS`, but no more than half of the rows that occur: with as many factors
    as rows an unfolding tells what is known and nothing else."""
    left_: Array
    """(rows, R) factors of cations, or of cations with anions (the anion runs faster)."""
    right_: Array
    """(R, j) factors of surroundings."""
    keys_: Array
    """(j,) surroundings that are known, ascending."""

    @property
    @abstractmethod
    def rows(self) -> Rows:
        """Whether a row is a cation, or a pair of cation and anion."""

    @abstractmethod
    def _factorise(self, known: CompositionSet, own: csr_array) -> tuple[Array, Array]:
        """Return the factors of the rows and of the columns of the unfolding."""

    @property
    def _with_anion(self) -> bool:
        return self.rows == "cation"

    def _n_rows(self) -> int:
        return len(self.axes_.cations) * (1 if self._with_anion else len(self.axes_.anions))

    def _n_factors(self, own: csr_array) -> int:
        """Return the number of factors of an unfolding."""
        n_rows = int(np.count_nonzero(np.diff(own.indptr)))
        return min(RANKS[self.rows], max(1, n_rows // 2)) if self.rank is None else self.rank

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        self.axes_ = RoleAxes.of(roles, self.space_.ions).without_ratios()
        self.keys_, places = unfolding(roles, self.axes_, self._with_anion)
        own = matrix(self.keys_, places, self._n_rows())
        self.left_, self.right_ = self._factorise(known, own)

    def _score(self, roles: RoleTable) -> Array:
        scores = np.zeros(len(roles))
        for rows, columns in zip(*self._cells(roles), strict=True):
            seen = np.flatnonzero((rows >= 0) & (columns >= 0))
            scores[seen] += self._products(rows[seen], columns[seen]).sum(axis=0)
        scores[np.abs(scores) < _ROUNDING] = 0.0  # else rounding alone would put candidates on the list
        return scores

    def _cells(self, roles: RoleTable) -> tuple[Array, Array]:
        """Return the (k, n) rows and columns of the unfolding in which compositions are, -1 where there is none."""
        rows = row_places(roles, self.axes_, self._with_anion)
        return rows.T, find(self.keys_, contexts(roles, self._with_anion)).T

    def _products(self, rows: Array, columns: Array) -> Array:
        """Return the (R, m) products of the factors of cells."""
        # The sum over the first axis of a C-ordered array goes factor by factor, whatever the number of cells.
        products: Array = np.ascontiguousarray(self.left_.T[:, rows]) * self.right_[:, columns]
        return products

    def support(self) -> RoleTable:
        """Return all neutral compositions of which at least one cation has surroundings that are known."""
        return completions(self.keys_, self.axes_, self.space_, self._with_anion)

    def ion_vectors(self) -> dict[str, IonVectors]:
        """Return the factors of cations, as long as what they add to the unfolding; with all anions side by side."""
        self._check_fitted()
        scaled = self.left_ * np.linalg.norm(self.right_, axis=1)
        vectors = scaled.reshape(len(self.axes_.cations), -1)
        return {"cations": IonVectors(self.axes_.cations, vectors)}

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        rows, columns = (cells[:, 0] for cells in self._cells(row))
        seen = (rows >= 0) & (columns >= 0)
        values = self._products(rows[seen], columns[seen]).sum(axis=1)
        return zip(self.factor_names(), values.tolist(), strict=True)

    def factor_names(self, n: int = 4) -> list[str]:
        """Return a name for each factor: the n ions with the largest entries."""
        cations, anions = self.axes_.cations.tolist(), self.axes_.anions.tolist()
        labels = [SYMBOLS[cation] for cation in cations]
        if not self._with_anion:
            labels = [f"{symbol}-{SYMBOLS[anion]}" for symbol in labels for anion in anions]
        return factor_names(self.left_, labels, n)

    def _arrays(self) -> dict[str, Array]:
        return {"left": self.left_, "right": self.right_, "keys": self.keys_, **self.axes_.to_arrays()}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.axes_ = RoleAxes.from_arrays(arrays)
        self.left_, self.right_, self.keys_ = (arrays[name] for name in ("left", "right", "keys"))
        rank = self.left_.shape[1]
        if self.left_.shape != (self._n_rows(), rank) or self.right_.shape != (rank, len(self.keys_)):
            raise RecommenderError("the factors do not fit the axes")


class _SvdRecommender(UnfoldingRecommender):
    """Truncated singular value decomposition: the best approximation of some rank (Eckart and Young).

    The left factors are the leading eigenvectors of :math:`M M^T`, which is small, and
    :math:`V = U^T M`. Where two singular values are equal at the cut, which one stays is up to the eigenvalue solver.
    """

    allowed: ClassVar[Settings] = {"rank": _RANK, "transfer": FLAG}
    transfer: bool

    def _factorise(self, known: CompositionSet, own: csr_array) -> tuple[Array, Array]:
        gram = (own @ own.T).toarray()
        if self.transfer:
            gram = gram + self._gram_of_lower(known)
        left = leading_vectors(gram, self._n_factors(own))
        return left, np.ascontiguousarray((own.T @ left).T)

    def _gram_of_lower(self, known: CompositionSet) -> Array:
        """Return the (rows, rows) scalar products that compositions of fewer elements add; whole numbers."""
        size = self._n_rows()
        total = np.zeros((size, size))
        for table in known_of_lower_arity(known, self.space_):
            other = matrix(*unfolding(table, self.axes_, self._with_anion), size)
            total += (other @ other.T).toarray()
        return total

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        # U U^T M: the score is a sum over known compositions, weighted by the projection on the factors.
        if self._with_anion:
            return substitution_weights(row, others, self.left_ @ self.left_.T, self.axes_)
        (rows,), (keys,) = row_places(row, self.axes_, False), contexts(row, False)
        known_rows, known_keys = row_places(others, self.axes_, False), contexts(others, False)
        total = np.zeros(len(others))
        for place, key in zip(rows, keys, strict=True):
            weights = self.left_ @ self.left_[place]
            total += np.where(known_keys == key, weights[known_rows], 0.0).sum(axis=1)
        return total


class SvdCationRecommender(_SvdRecommender):
    """Truncated SVD of the unfolding ``A | B X r``: a row for each cation.

    :param rank: number of singular vectors, see :class:`UnfoldingRecommender`.
    :param transfer: learn the factors of the rows also from known compositions of fewer elements.
    """

    kind = "svd_cation"
    rows: ClassVar[Rows] = "cation"

    def __init__(self, rank: int | None = None, transfer: bool = True) -> None:
        self.rank = rank
        self.transfer = transfer


class SvdPairRecommender(_SvdRecommender):
    """Truncated SVD of the unfolding ``A X | B r``: a row for each pair of a cation and an anion.

    :param rank: number of singular vectors, see :class:`UnfoldingRecommender`.
    :param transfer: see :class:`SvdCationRecommender`.
    """

    kind = "svd_pair"
    rows: ClassVar[Rows] = "pair"

    def __init__(self, rank: int | None = None, transfer: bool = True) -> None:
        self.rank = rank
        self.transfer = transfer


class NmfRecommender(UnfoldingRecommender):
    r"""Non-negative factors: :math:`M \approx W H` with :math:`W, H \ge 0`, by coordinate descent (scikit-learn).

    :param rank: number of factors, see :class:`UnfoldingRecommender`.
    :param rows: ``cation`` or ``pair``, see :class:`SvdCationRecommender` and :class:`SvdPairRecommender`.
    :param iterations: largest number of sweeps.
    """

    kind = "nmf"
    allowed: ClassVar[Settings] = {"rank": _RANK, "rows": one_of(*get_args(Rows)), "iterations": whole(1, MOST_SWEEPS)}
    rows: Rows = "cation"

    def __init__(self, rank: int | None = None, rows: Rows = "cation", iterations: int = 200) -> None:
        self.rank = rank
        self.rows = rows
        self.iterations = iterations

    def _factorise(self, known: CompositionSet, own: csr_array) -> tuple[Array, Array]:
        import warnings

        from scipy.sparse import csr_matrix
        from sklearn.decomposition import NMF
        from sklearn.exceptions import ConvergenceWarning

        del known
        rank = min(self._n_factors(own), *own.shape)
        solver = NMF(rank, init="nndsvd", solver="cd", max_iter=self.iterations, tol=1e-4, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # an approximation is all that is wanted
            left = solver.fit_transform(csr_matrix(own))
        return left, np.ascontiguousarray(solver.components_)

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        lengths = np.linalg.norm(self.left_, axis=1, keepdims=True)
        directions = self.left_ / np.where(lengths > 0, lengths, 1.0)
        if not self._with_anion:
            anion = self.axes_.anion_places(row.anions)[0]
            directions = directions[anion :: len(self.axes_.anions)]
        return substitution_weights(row, others, directions @ directions.T, self.axes_)


def factor_names(vectors: Array, labels: list[str], n: int = 4) -> list[str]:
    """Return a name for each column of vectors: its number, from 1, and the labels of its n largest entries.

    :param vectors: (rows, R) factors.
    """
    order = np.argsort(-np.abs(vectors), axis=0, kind="stable")[:n]
    return [
        f"factor {index + 1} ({', '.join(labels[row] for row in order[:, index])})" for index in range(len(order.T))
    ]
