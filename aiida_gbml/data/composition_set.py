"""The node of a set of compositions."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import UNKNOWN, CompositionSet

_MOST_TEXT = 1000


class CompositionSetData(ArchiveData):
    """Compositions with identifiers, source, licence and when each was first seen, see :class:`CompositionSet`.

    Attributes for queries: ``n_compositions``, ``n_rejected``, ``n_duplicates``, ``rejected`` (number of rows by what
    is wrong with them), ``arities`` (number of compositions by number of elements, as text keys), ``elements``
    (symbols), ``source``, ``licence``, ``sha256`` (of the compositions, whatever their order), ``age_unit`` (what
    first-seen values count, empty if there are none), ``first_seen_min`` and ``first_seen_max`` (``None`` if there are
    none).
    """

    FILENAME = "compositions.npz"
    CONTENT = CompositionSet

    def __init__(self, compositions: CompositionSet | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if compositions is not None:
            self._set_content(compositions.to_bytes())
            self.base.attributes.set_many(_summary(compositions))

    @cached_property
    def compositions(self) -> CompositionSet:
        """The compositions themselves."""
        return CompositionSet.from_bytes(self.content)

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_compositions"))


def _summary(compositions: CompositionSet) -> dict[str, Any]:
    """Return the flat attributes by which sets of compositions are found."""
    known = compositions.first_seen[compositions.first_seen > UNKNOWN]
    arities = Counter(sorted(compositions.arity.tolist()))
    numbers = sorted(set(compositions.numbers.ravel().tolist()) - {0})
    return {
        "n_compositions": len(compositions),
        "n_rejected": len(compositions.rejected),
        "n_duplicates": compositions.n_duplicates,
        "rejected": compositions.rejected_counts(),
        "arities": {str(arity): number for arity, number in arities.items()},
        "elements": [SYMBOLS[number] for number in numbers],
        "source": compositions.source[:_MOST_TEXT],
        "licence": compositions.licence[:_MOST_TEXT],
        "sha256": compositions.sha256,
        "age_unit": compositions.age_unit,
        "first_seen_min": int(known.min()) if len(known) else None,
        "first_seen_max": int(known.max()) if len(known) else None,
    }
