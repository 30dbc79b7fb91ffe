r"""Exact scores of all candidates of a shard for a model that is a matrix product; only the best are kept.

Scores are summed with 32 bits, a block of candidates at a time. Whatever the order of summation,

.. math:: |\hat s - s| \le \gamma_R \sum_f |p_f w_f| \le \gamma_R \|p\| \|w\|, \quad \gamma_R = R u / (1 - R u),

with :math:`u = 2^{-24}` (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). What comes within twice
that of the score of the K-th best candidate is summed again with 64 bits in a fixed order, and only these sums are
compared. So neither the division into blocks nor the linear algebra library has a part in what is found. Rows and
columns with :math:`\|p\| \|w\|` below that score are left out.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import PlacedBlock
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.columns import ColumnFactors, Columns, factor_norms
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel, exact_scores
from aiida_gbml.science.compounds.scoring.histogram import N_BINS, count_scores
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles
from aiida_gbml.science.compounds.scoring.ordered_block import OrderedBlock
from aiida_gbml.science.compounds.scoring.request import Scored, ShardRequest, StreamError
from aiida_gbml.science.compounds.scoring.top_k import TopK

_TILE = 384  # a tile of 384 x 384 scores stays in the cache of a core
_SAMPLES = 1 << 14
_UNIT, _SMALLEST, _LARGEST = 2.0**-24, 2.0**-125, 2.0**120
_NOWHERE = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))


def stream_kernel(request: ShardRequest, kernel: FactorKernel, *, prune: bool = True) -> Scored:
    """Return what is kept of a shard.

    :param kernel: of the model.
    :param prune: leave out rows and columns that are too small for any good score; this changes only the time.
    :raises StreamError: for factors that are no finite numbers, or too large.
    """
    stream, n_scored = _KernelStream(request, kernel, prune), 0
    for block in request.space.placed_blocks(request.shard, request.n_shards):
        n_scored += len(block)
        stream.take(block)
    stream.count()
    return Scored(stream.top.best(), n_scored, stream.histogram)


class _KernelStream:
    """Blocks of candidates on their way, see :func:`stream_kernel`."""

    def __init__(self, request: ShardRequest, kernel: FactorKernel, prune: bool) -> None:
        self.top = TopK(request.top_k)
        self.histogram = np.zeros(N_BINS, dtype=np.int64)
        self._request, self._kernel, self._prune = request, kernel, prune
        self._columns = Columns(request.space.grid, kernel)
        self._buffer = np.empty(_TILE * _TILE, dtype=np.float32)
        self._samples: list[tuple[Array, Array]] = []
        self._n_samples = 0

    def take(self, block: PlacedBlock) -> None:
        """Score the candidates of a block, those together whose cations are in the same order."""
        ordered = OrderedBlock.of(block, self._request.space.grid, self._kernel.is_symmetric)
        runs = [(rows, self._columns(block.places, order)) for rows, order in ordered.runs()]
        largest = max(float(columns.norms.max()) for _, columns in runs)
        if self._prune and self.top.threshold > 0 and largest == 0:
            self._sample(ordered, np.zeros((len(ordered.anions), self._kernel.rank), dtype=np.float32))
            return
        factors = self._kernel.rows(ordered.cations, ordered.anions)
        self._sample(ordered, factors)
        norms = factor_norms(factors)
        margin = _margin(factors.shape[1], float(norms.max()), largest)
        for rows, columns in runs:
            self._take_run(ordered, rows, columns, (factors[rows], norms[rows], margin))

    def count(self) -> None:
        """Add the candidates that were put aside to the histogram."""
        if self._samples:
            rows, columns = (np.concatenate(part) for part in zip(*self._samples, strict=True))
            self.histogram += count_scores(exact_scores(rows, columns))
        self._samples, self._n_samples = [], 0

    def _take_run(
        self, block: OrderedBlock, rows: slice, columns: ColumnFactors, of_rows: tuple[Array, Array, float]
    ) -> None:
        """Score rows of the same order of cations, in tiles.

        :param of_rows: their factors, norms, and how far rounding can lower a score.
        """
        factors, norms, margin = of_rows
        kept, chosen = np.arange(rows.start, rows.stop), None
        if self._prune and np.isfinite(self.top.threshold):
            fits = norms * float(columns.norms.max()) >= self.top.threshold
            kept, factors = kept[fits], factors[fits]
            chosen = np.flatnonzero(columns.norms * float(norms.max()) >= self.top.threshold)
        of_columns = columns.factors(chosen)
        for start in range(0, len(kept), _TILE):
            own = factors[start : start + _TILE]
            width = _TILE * _TILE // len(own)
            for first in range(0, len(of_columns), width):
                row, column, scores = self._good(own, of_columns[first : first + width], margin)
                if len(scores):
                    column += first
                    self._enter(block, kept[row + start], column if chosen is None else chosen[column], scores)

    def _good(self, rows: Array, columns: Array, margin: float) -> tuple[Array, Array, Array]:
        """Return the places of scores in a tile that may be among the best, and their 64-bit values."""
        scores = self._buffer[: len(rows) * len(columns)].reshape(len(rows), len(columns))
        np.matmul(rows, columns.T, out=scores)
        least = self.top.threshold - margin
        if scores.max() < least:
            return _NOWHERE
        row, column = np.nonzero(scores >= least)
        exact = exact_scores(rows[row], columns[column])
        enters = exact >= self.top.threshold
        return row[enters], column[enters], exact[enters]

    def _enter(self, block: OrderedBlock, row: Array, column: Array, scores: Array) -> None:
        """Take candidates of a block among the best, unless they are known."""
        keys = keys_of_roles(RoleTable(block.cations[row], block.anions[row], block.ratios(row, column)))
        unknown = ~among(keys, self._request.known)
        self.top.add(scores[unknown], keys[unknown])

    def _sample(self, block: OrderedBlock, factors: Array) -> None:
        """Put every so many-th candidate of a block aside for the histogram, from one that the block itself decides."""
        stride, n_ratios = self._request.stride, len(block.given.places)
        for begin in range(crc32(block.first) % stride, len(block.given), stride * _SAMPLES):
            places = np.arange(begin, min(begin + stride * _SAMPLES, len(block.given)), stride)
            row, column = np.divmod(places, n_ratios)
            self._samples.append((np.take(factors, row, axis=0), self._columns.of(block.ratios(row, column))))
            self._n_samples += len(places)
            if self._n_samples >= _SAMPLES:
                self.count()


def _margin(rank: int, rows: float, columns: float) -> float:
    """Return how far a score summed with 32 bits can be below its value.

    :param rows: largest norm of the factors of a row; ``columns`` likewise.
    :raises StreamError: for factors that are no finite numbers, or whose products may not be.
    """
    if not rows * columns < _LARGEST:
        raise StreamError(f"the model gives factors of the norms {rows:g} and {columns:g}: fit it anew")
    rounding = rank * _UNIT / (1 - rank * _UNIT)
    return 2 * rounding * rows * columns + 2 * rank * _SMALLEST
