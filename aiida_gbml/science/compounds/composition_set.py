"""Sets of compositions as integer arrays, with where and when each was first known."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.compounds.composition import LARGEST_COEFFICIENT, SYMBOLS, Composition
from aiida_gbml.science.strict_json import StrictJsonError, read_json, write_json

UNKNOWN = -1
"""First-seen value of a composition of unknown age."""

AGE_UNITS = ("", "day", "year", "identifier")
"""What first-seen values count: nothing known, days since 0001-01-01, years, or the numbers of identifiers."""

_RECORD = "record"
_ARRAYS = ("numbers", "coefficients", "ids", "first_seen")
_FORMAT = 1
_DTYPES = {"numbers": np.uint8, "coefficients": np.uint16, "first_seen": np.int64}


class CompositionSetError(ValueError):
    """Arrays or bytes that are no set of compositions."""


@dataclass(frozen=True)
class Rejected:
    """A row of a source that is no composition of this set.

    :param row: number of the row in its source, from 0.
    :param text: what stands there.
    :param kind: what is wrong in a word or two, see :class:`~.composition.FormulaError`.
    :param reason: one sentence.
    """

    row: int
    text: str
    kind: str
    reason: str


@dataclass(frozen=True)
class CompositionSet:
    """Distinct compositions, each with an identifier and with when it was first seen.

    :param numbers: (n, m) atomic numbers ascending in a row, padded with 0.
    :param coefficients: (n, m) whole numbers without a common divisor, padded with 0.
    :param ids: (n,) identifiers in the source.
    :param first_seen: (n,) whole numbers that order the rows by age: days since 0001-01-01, years, or numbers of a
        source's identifiers; :data:`UNKNOWN` where there is none.
    :param source: where the set is from.
    :param licence: under which it may be used.
    :param rejected: rows of the source that are no composition; they are kept so that nothing is dropped silently.
    :param n_duplicates: rows of the source with a composition that an earlier row has.
    :param age_unit: what ``first_seen`` counts, one of :data:`AGE_UNITS`.
    :raises CompositionSetError: when the arrays do not fit each other, or hold what is no composition.
    """

    numbers: Array
    coefficients: Array
    ids: Array
    first_seen: Array
    source: str = ""
    licence: str = ""
    rejected: tuple[Rejected, ...] = field(default=())
    n_duplicates: int = 0
    age_unit: str = ""

    def __post_init__(self) -> None:
        rows, width = self.numbers.shape if self.numbers.ndim == 2 else (-1, 0)
        shapes = (self.coefficients.shape, self.ids.shape, self.first_seen.shape)
        if rows < 0 or not width or shapes != ((rows, width), (rows,), (rows,)):
            raise CompositionSetError(f"the arrays have the shapes {self.numbers.shape}, {shapes}, which do not fit")
        kinds = [self.numbers.dtype.kind, self.coefficients.dtype.kind, self.ids.dtype.kind, self.first_seen.dtype.kind]
        if "".join(kinds) not in ("uuUi", "uuUu"):
            raise CompositionSetError(f"the arrays are of the kinds {kinds}, expected whole numbers and texts")
        if self.age_unit not in AGE_UNITS:
            raise CompositionSetError(f"ages are counted in {', '.join(AGE_UNITS[1:])}, not in {self.age_unit!r}")
        if rows:
            self._check_values()
        for name, dtype in _DTYPES.items():
            object.__setattr__(self, name, getattr(self, name).astype(dtype))

    def _check_values(self) -> None:
        """Raise an error unless every row is a composition, which no other row is."""
        if self.numbers.max() >= len(SYMBOLS) or not np.array_equal(self.numbers > 0, self.coefficients > 0):
            raise CompositionSetError("an atomic number has no coefficient, a coefficient no element, or is no element")
        used = self.numbers > 0
        if not used[:, 0].all() or np.any((np.diff(self.numbers.astype(int), axis=1) <= 0) & used[:, 1:]):
            raise CompositionSetError("the atomic numbers of a row must ascend, with the padding at its end")
        if self.coefficients.max() > LARGEST_COEFFICIENT or np.any(np.gcd.reduce(self.coefficients, axis=1) != 1):
            raise CompositionSetError(
                f"the coefficients of a row have a common divisor, or are above {LARGEST_COEFFICIENT}"
            )
        if self.first_seen.min() < UNKNOWN or self.first_seen.max() > np.iinfo(np.int64).max:
            raise CompositionSetError("a first-seen value is negative, or beyond 64 bits")
        if len(np.unique(self.keys)) < len(self.numbers):
            raise CompositionSetError("a composition stands in two rows")

    @classmethod
    def of(  # noqa: PLR0917
        cls,
        compositions: Sequence[Composition],
        ids: Sequence[str] | None = None,
        first_seen: Sequence[int] | None = None,
        source: str = "",
        licence: str = "",
        rejected: Iterable[Rejected] = (),
        age_unit: str = "",
    ) -> CompositionSet:
        """Return the set of a list, of which repeated compositions are kept once, as the first seen of them.

        :param ids: one for each composition; their place in the list by default.
        :param first_seen: one for each composition; unknown by default.
        """
        names = [str(row) for row in range(len(compositions))] if ids is None else list(ids)
        ages = [UNKNOWN] * len(compositions) if first_seen is None else [int(age) for age in first_seen]
        if not len(names) == len(ages) == len(compositions):
            raise CompositionSetError("compositions, ids and first_seen differ in length")
        kept: dict[Composition, int] = {}
        for row, composition in enumerate(compositions):
            earlier = kept.setdefault(composition, row)
            if UNKNOWN < ages[row] < ages[earlier] or ages[earlier] == UNKNOWN < ages[row]:
                kept[composition] = row
        width = max((len(composition.numbers) for composition in kept), default=1)
        numbers, coefficients = np.zeros((len(kept), width), np.uint8), np.zeros((len(kept), width), np.uint16)
        for index, composition in enumerate(kept):
            numbers[index, : len(composition.numbers)] = composition.numbers
            coefficients[index, : len(composition.numbers)] = composition.coefficients
        rows = list(kept.values())
        return cls(
            numbers,
            coefficients,
            np.array([names[row] for row in rows], dtype=np.str_),
            np.array([ages[row] for row in rows], dtype=np.int64),
            source,
            licence,
            tuple(rejected),
            len(compositions) - len(kept),
            age_unit,
        )

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, row: int) -> Composition:
        used = self.numbers[row] > 0
        return Composition(tuple(self.numbers[row, used].tolist()), tuple(self.coefficients[row, used].tolist()))

    @cached_property
    def arity(self) -> Array:
        """(n,) number of elements of each composition."""
        arity: Array = np.count_nonzero(self.numbers, axis=1)
        return arity

    @cached_property
    def keys(self) -> Array:
        """(n,) bytes that are equal for equal compositions, in sets of any width."""
        return composition_keys(self.numbers, self.coefficients)

    def formulas(self) -> list[str]:
        """Return the (n,) reduced formulas."""
        return [self[row].formula for row in range(len(self))]

    def take(self, rows: Array) -> CompositionSet:
        """Return the set of some rows, given as a mask or as numbers; what was rejected stays with the whole set."""
        columns = {name: getattr(self, name)[rows] for name in _ARRAYS}
        width = max(1, int(np.count_nonzero(columns["numbers"].any(axis=0))))
        columns |= {name: columns[name][:, :width] for name in ("numbers", "coefficients")}
        columns["ids"] = np.array(columns["ids"].tolist(), dtype=np.str_)  # no wider than its longest
        return replace(self, **columns, rejected=(), n_duplicates=0)

    def of_arity(self, arity: int) -> tuple[Array, Array, Array]:
        """Return the (k,) rows with so many elements, and their (k, arity) atomic numbers and coefficients."""
        rows = np.flatnonzero(self.arity == arity)
        # The whole set may be narrower; then there are no such rows.
        numbers, coefficients = (
            array[rows, :arity].reshape(len(rows), arity) for array in (self.numbers, self.coefficients)
        )
        return rows, numbers, coefficients

    def contains(self, other: CompositionSet) -> Array:
        """Return the (m,) mask of the compositions of another set that are in this one."""
        return np.isin(other.keys, self.keys)

    def before(self, cutoff: int) -> CompositionSet:
        """Return the compositions first seen before a cut-off.

        :raises CompositionSetError: when the age of any is unknown.
        """
        return self.take(self._ages() < cutoff)

    def since(self, cutoff: int) -> CompositionSet:
        """Return the compositions first seen at a cut-off or after it.

        :raises CompositionSetError: when the age of any is unknown.
        """
        return self.take(self._ages() >= cutoff)

    def joined(self, other: CompositionSet) -> CompositionSet:
        """Return both sets as one, of which this one's rows come first.

        :raises CompositionSetError: when the sets count ages in different units.
        """
        units = {one.age_unit for one in (self, other) if len(one) and one.first_seen.max() > UNKNOWN}
        if len(units) > 1:
            raise CompositionSetError(
                f"'{self.source}' and '{other.source}' count ages in different units ({', '.join(sorted(units))}): "
                "read both with dates, both with years, or one without"
            )
        pairs = [
            (one[row], str(one.ids[row]), int(one.first_seen[row])) for one in (self, other) for row in range(len(one))
        ]
        compositions, ids, ages = zip(*pairs, strict=True) if pairs else ((), (), ())
        sources = " and ".join(dict.fromkeys(filter(None, (self.source, other.source))))
        licences = " and ".join(dict.fromkeys(filter(None, (self.licence, other.licence))))
        rejected = (*self.rejected, *other.rejected)
        joined = CompositionSet.of(compositions, ids, ages, sources, licences, rejected, "".join(units))
        return replace(joined, n_duplicates=joined.n_duplicates + self.n_duplicates + other.n_duplicates)

    def rejected_counts(self) -> dict[str, int]:
        """Return how many rows of the source were rejected, by what is wrong with them."""
        return dict(sorted(Counter(row.kind for row in self.rejected).items()))

    @cached_property
    def sha256(self) -> str:
        """Hash of the compositions, whatever their order, identifiers and source."""
        return hash_of_keys(self.keys.tolist())

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        rejected = [[row.row, row.text, row.kind, row.reason] for row in self.rejected]
        record = {
            "format": _FORMAT,
            "source": self.source,
            "licence": self.licence,
            "rejected": rejected,
            "n_duplicates": self.n_duplicates,
            "age_unit": self.age_unit,
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return write_arrays({**arrays, _RECORD: np.frombuffer(write_json(record), dtype=np.uint8)})

    @classmethod
    def from_bytes(cls, content: bytes) -> CompositionSet:
        """Return the set written by :meth:`to_bytes`.

        :raises CompositionSetError: when the bytes are damaged or no set of compositions.
        """
        try:
            arrays = read_arrays(content)
            record = read_json(arrays.pop(_RECORD).tobytes())
            if set(arrays) != set(_ARRAYS) or record.get("format") != _FORMAT:
                raise CompositionSetError(f"it holds {sorted(arrays)} in format {record.get('format')!r}")
            rejected = tuple(
                Rejected(int(row), str(text), str(kind), str(why)) for row, text, kind, why in record["rejected"]
            )
            source, licence, unit = (str(record[name]) for name in ("source", "licence", "age_unit"))
            numbers, coefficients, ids, first_seen = (arrays[name] for name in _ARRAYS)
            n_duplicates = int(record["n_duplicates"])
            return cls(numbers, coefficients, ids, first_seen, source, licence, rejected, n_duplicates, unit)
        except (ArchiveError, StrictJsonError, KeyError, TypeError, ValueError) as exception:
            reason = " ".join(str(exception).split())
            raise CompositionSetError(f"the bytes are no set of compositions: {reason}") from exception

    def _ages(self) -> Array:
        if len(self) and self.first_seen.min() == UNKNOWN:
            missing = int(np.count_nonzero(self.first_seen == UNKNOWN))
            raise CompositionSetError(
                f"{missing} of {len(self)} compositions of '{self.source}' have no first-seen date or number"
            )
        return self.first_seen


def age_text(age: int | None, unit: str) -> str:
    """Return a first-seen value as it is written: a date, a year or a number; nothing if there is none.

    :param unit: one of :data:`AGE_UNITS`.
    """
    if age is None or age == UNKNOWN:
        return ""
    return date.fromordinal(age).isoformat() if unit == "day" and 1 <= age <= date.max.toordinal() else str(age)


def hash_of_keys(keys: Iterable[bytes]) -> str:
    """Return the hash of a set of compositions from their keys, see :func:`composition_keys`.

    A zero, with which no key begins, stands between two keys: else Fe and O would be hashed as FeO is.
    """
    return hashlib.sha256(b"\0".join(sorted(keys))).hexdigest()


def composition_keys(numbers: Array, coefficients: Array) -> Array:
    """Return (n,) bytes that are equal for equal compositions.

    :param numbers: (n, m) atomic numbers ascending in a row, padded with 0.
    :param coefficients: (n, m) whole numbers up to 65535, padded with 0.
    """
    if coefficients.size and coefficients.max() > LARGEST_COEFFICIENT:
        raise CompositionSetError(f"a coefficient is above {LARGEST_COEFFICIENT}")
    rows, width = numbers.shape
    # numpy drops zeros at the end of a fixed-width bytes value, so that padding does not count; a mark behind each
    # element keeps the zeros that belong to its coefficient.
    packed = np.zeros((rows, width, 4), dtype=np.uint8)
    packed[:, :, 0] = numbers
    packed[:, :, 1] = coefficients >> 8
    packed[:, :, 2] = coefficients & 255
    packed[:, :, 3] = numbers > 0
    keys: Array = packed.reshape(rows, 4 * width).view(f"S{4 * width}").reshape(rows)
    return keys
