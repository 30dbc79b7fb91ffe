"""Rankings: the best of all candidates with their scores, and what is needed to know how they came about."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.compounds.candidates import MOST_COEFFICIENT
from aiida_gbml.science.compounds.composition import SYMBOLS, Composition
from aiida_gbml.science.compounds.ranking_run import RankingRun, ShardRecord
from aiida_gbml.science.compounds.roles import RoleTable, anion_places
from aiida_gbml.science.compounds.scoring.histogram import N_BINS
from aiida_gbml.science.compounds.scoring.keys import pack_keys, unpack_keys
from aiida_gbml.science.compounds.scoring.request import Scored
from aiida_gbml.science.strict_json import StrictJsonError, read_json, write_json

_RECORD, _COLUMN, _FORMAT = "record", "column.", 1
_ROWS = ("numbers", "coefficients", "anions", "scores", "probability", "places")
_ARRAYS = (*_ROWS, "histogram")
_WHOLE = ("numbers", "coefficients", "anions", "places", "histogram")
_SHOWN = 10


class RankingError(ValueError):
    """Bytes that are no ranking, or shards that do not make one."""


@dataclass(frozen=True)
class Ranking:
    """The best candidates that are not known, the best first; of equal scores the one of the lighter elements.

    :param numbers: (K, m) atomic numbers, ascending in a row.
    :param coefficients: (K, m) whole numbers without a common divisor.
    :param anions: (K,) atomic number of the anion of each.
    :param scores: (K,) in falling order, without unit.
    :param probability: (K,) that each is among the next reported, see :mod:`.recommenders.calibration`; NaN where the
        model does not say.
    :param places: (K,) place of each row in the ranking, from 1.
    :param histogram: numbers of scores in the bins of :func:`~.scoring.histogram.bin_edges`, of every
        ``run.stride``-th candidate, known ones too.
    :param run: what was ranked by which model.
    :param shards: the parts of all candidates that this ranking covers, ascending.
    :param columns: (K,) further numbers of each row, such as the scores of the members of an ensemble.
    :raises RankingError: when the arrays do not fit each other.
    """

    numbers: Array
    coefficients: Array
    anions: Array
    scores: Array
    probability: Array
    places: Array
    histogram: Array
    run: RankingRun
    shards: tuple[ShardRecord, ...]
    columns: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows, width = len(self.scores), self.run.arity
        shapes = {"numbers": (rows, width), "coefficients": (rows, width), "histogram": (N_BINS,)}
        for name, array in {**{name: getattr(self, name) for name in _ARRAYS}, **self.columns}.items():
            expected = shapes.get(name, (rows,))
            if array.shape != expected or array.dtype.kind not in ("iu" if name in _WHOLE else "iuf"):
                found = f"the shape {array.shape} and type {array.dtype}"
                raise RankingError(f"'{name}' has {found}, expected numbers of the shape {expected}")
        if rows and not (np.isfinite(self.scores).all() and np.all(np.diff(self.scores) <= 0)):
            raise RankingError("the scores are not in falling order, or are no finite numbers")
        if rows and not (int(self.numbers.min()) > 0 and int(self.numbers.max()) < len(SYMBOLS)):
            raise RankingError("an atomic number is that of no element")
        if rows and not 1 <= int(self.coefficients.min()) <= int(self.coefficients.max()) <= MOST_COEFFICIENT:
            raise RankingError(f"a coefficient is no whole number from 1 to {MOST_COEFFICIENT}")
        if rows and (np.diff(self.numbers.astype(int), axis=1).min() <= 0 or not _holds(self.numbers, self.anions)):
            raise RankingError("the elements of a row do not ascend, or its anion is none of them")
        _check_distinct(shard.shard for shard in self.shards)
        strangers = [shard.shard for shard in self.shards if shard.shard >= self.run.n_shards]
        if strangers:
            raise RankingError(f"it has a shard {strangers[0]}, of {self.run.n_shards} that are counted from 0")

    @classmethod
    def of_scored(cls, scored: Scored, run: RankingRun, record: ShardRecord) -> Ranking:
        """Return the ranking of one shard, without probabilities."""
        scores, keys = scored.best
        numbers, coefficients = unpack_keys(keys, run.arity)
        space = run.candidate_space()
        places = anion_places(numbers, coefficients.astype(np.int64), space.ions, space.limits)
        return cls(
            numbers,
            coefficients,
            numbers[np.arange(len(numbers)), places],
            scores,
            np.full(len(scores), np.nan),
            np.arange(1, len(scores) + 1),
            scored.histogram,
            run,
            (record,),
        )

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def n_scored(self) -> int:
        """Number of candidates that have a score, known ones too."""
        return sum(shard.n_scored for shard in self.shards)

    @property
    def threshold(self) -> float | None:
        """Score of the last row, below which candidates are not listed; ``None`` where the list was not filled."""
        return float(self.scores[-1]) if len(self) >= self.run.top_k else None

    @cached_property
    def keys(self) -> Array:
        """(K,) numbers that are equal for equal compositions."""
        return pack_keys(self.numbers, self.coefficients)

    def composition(self, row: int) -> Composition:
        """Return the composition of one row."""
        return Composition(tuple(self.numbers[row].tolist()), tuple(self.coefficients[row].tolist()))

    def formulas(self) -> list[str]:
        """Return the (K,) reduced formulas."""
        return [self.composition(row).formula for row in range(len(self))]

    def roles(self) -> RoleTable:
        """Return all rows with their roles."""
        places = np.argmax(self.numbers == self.anions[:, None], axis=1)
        return RoleTable.from_columns(self.numbers, self.coefficients, places)

    def take(self, rows: Array) -> Ranking:
        """Return some rows, given as a mask or as ascending numbers; they keep their places."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, **{name: getattr(self, name)[rows] for name in _ROWS}, columns=columns)

    def select(
        self,
        elements: Collection[str] = (),
        n_elements: int | None = None,
        threshold: float | None = None,
        anions: Collection[str] = (),
    ) -> Ranking:
        """Return the rows that fit; they keep their places.

        :param elements: symbols that all must be there.
        :param n_elements: number of elements.
        :param threshold: scores must be above it.
        :param anions: symbols of which one is the anion.
        :raises RankingError: for a symbol of no element.
        """
        fits = np.ones(len(self), dtype=bool)
        for number in _numbers(elements):
            fits &= (self.numbers == number).any(axis=1)
        if n_elements is not None:
            fits &= self.run.arity == n_elements
        if threshold is not None:
            fits &= self.scores > threshold
        if anions:
            fits &= np.isin(self.anions, _numbers(anions))
        return self.take(fits)

    def check_complete(self) -> None:
        """Check that all shards are there.

        :raises RankingError: when one is missing.
        """
        there = {shard.shard for shard in self.shards}
        n_missing = self.run.n_shards - len(there)
        if n_missing:
            first = islice((str(shard) for shard in range(self.run.n_shards) if shard not in there), _SHOWN)
            listed = ", ".join(first) + (" and others" if n_missing > _SHOWN else "")
            raise RankingError(
                f"of the {self.run.n_shards} shards {n_missing} are missing ({listed}, counted from 0): "
                "score them before the ranking is used"
            )

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        record = {
            "format": _FORMAT,
            "run": self.run.to_dict(),
            "shards": [shard.to_dict() for shard in self.shards],
        }
        columns = {f"{_COLUMN}{name}": column for name, column in self.columns.items()}
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return write_arrays({**arrays, **columns, _RECORD: np.frombuffer(write_json(record), dtype=np.uint8)})

    @classmethod
    def from_bytes(cls, content: bytes) -> Ranking:
        """Return the ranking written by :meth:`to_bytes`.

        :raises RankingError: when the bytes are damaged or no ranking.
        """
        try:
            arrays = read_arrays(content)
            record = read_json(arrays.pop(_RECORD).tobytes())
            if record.get("format") != _FORMAT:
                raise RankingError(f"its format is {record.get('format')!r}, this release reads {_FORMAT}")
            columns = {
                name.removeprefix(_COLUMN): arrays.pop(name) for name in list(arrays) if name.startswith(_COLUMN)
            }
            shards = tuple(ShardRecord.from_dict(shard) for shard in record["shards"])
            return cls(**arrays, columns=columns, run=RankingRun.from_dict(record["run"]), shards=shards)
        except (ArchiveError, StrictJsonError, AttributeError, KeyError, TypeError, ValueError) as exception:
            raise RankingError(f"the bytes are no ranking: {exception}") from exception

    @cached_property
    def sha256(self) -> str:
        """Hash of rows, scores and histogram: the same for any number of shards."""
        columns = {f"{_COLUMN}{name}": column for name, column in self.columns.items()}
        return hashlib.sha256(write_arrays({**{name: getattr(self, name) for name in _ARRAYS}, **columns})).hexdigest()


def merge_rankings(rankings: Sequence[Ranking]) -> Ranking:
    """Return the ranking of all shards of several, the same to the last bit in whatever order and groups they come.

    :raises RankingError: when one is of another run, or has a shard of another.
    """
    if not rankings:
        raise RankingError("there is no ranking to merge")
    first = rankings[0]
    for other in rankings[1:]:
        difference = first.run.difference(other.run)
        if difference:
            listed = ", ".join(str(shard.shard) for shard in other.shards[:5])
            raise RankingError(f"the ranking of shard {listed} is from another run: {difference}")
    names = {name for ranking in rankings for name in ranking.columns}
    filled = [ranking for ranking in rankings if len(ranking)]
    incomplete = [ranking for ranking in filled if set(ranking.columns) != names]
    if incomplete:
        raise RankingError(f"of the columns {sorted(names)} one ranking has {sorted(incomplete[0].columns)} only")
    _check_distinct(shard.shard for ranking in rankings for shard in ranking.shards)
    joined = {name: np.concatenate([getattr(one, name) for one in rankings]) for name in _ROWS}
    columns = {name: np.concatenate([one.columns[name] for one in filled]) for name in sorted(names)}
    keys = np.concatenate([one.keys for one in rankings])
    order = np.lexsort((keys, -joined["scores"]))[: first.run.top_k]
    rows = {name: array[order] for name, array in joined.items()} | {"places": np.arange(1, len(order) + 1)}
    histogram = np.sum([one.histogram for one in rankings], axis=0)
    shards = sorted((shard for one in rankings for shard in one.shards), key=lambda shard: shard.shard)
    columns = {name: column[order] for name, column in columns.items()}
    return Ranking(**rows, columns=columns, histogram=histogram, run=first.run, shards=tuple(shards))


def _check_distinct(shards: Iterable[int]) -> None:
    seen: set[int] = set()
    for shard in shards:
        if shard in seen:
            raise RankingError(f"shard {shard} is there twice: give each shard once")
        seen.add(shard)


def _holds(numbers: Array, anions: Array) -> bool:
    return bool((numbers == anions[:, None]).any(axis=1).all())


def _numbers(symbols: Collection[str]) -> list[int]:
    unknown = [symbol for symbol in symbols if symbol not in SYMBOLS[1:]]
    if unknown:
        raise RankingError(f"'{unknown[0]}' is no element")
    return [SYMBOLS.index(symbol) for symbol in symbols]
