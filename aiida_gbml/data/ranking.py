"""The node of a ranking: the best of all candidates."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.ranking import Ranking

_MOST_FORMULAS, _MOST_TEXT = 10, 1000


class RankingData(ArchiveData):
    """The best candidates with scores and probabilities, see :class:`Ranking`; one node for all of them.

    Attributes for queries: ``n_rows``, ``n_scored`` (candidates), ``n_shards``, ``n_missing_shards``, ``arity`` (number
    of elements), ``model`` (kind), ``model_sha256``, ``training_sha256``, ``training_last_seen`` (first-seen value of
    the youngest composition that the model knows, ``None`` where ages are unknown), ``training_cutoff`` (``None`` if
    nothing was cut off), ``training_age_unit`` (what these two count), ``licence``, ``source``, ``best_score`` and
    ``threshold`` (score of the last row; both without unit, absent where there is none), ``formulas`` (the best few),
    ``elements`` and ``anions`` (of all rows).
    """

    FILENAME = "ranking.npz"
    CONTENT = Ranking

    def __init__(self, ranking: Ranking | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if ranking is not None:
            self._set_content(ranking.to_bytes())
            self.base.attributes.set_many(_summary(ranking))

    @cached_property
    def ranking(self) -> Ranking:
        """The ranking itself."""
        return Ranking.from_bytes(self.content)

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_rows"))


def _summary(ranking: Ranking) -> dict[str, Any]:
    """Return the flat attributes by which rankings are found."""
    run = ranking.run
    numbers = np.unique(ranking.numbers).tolist()
    scores = {"best_score": float(ranking.scores[0])} if len(ranking) else {}
    threshold = {} if ranking.threshold is None else {"threshold": ranking.threshold}
    return {
        "n_rows": len(ranking),
        "n_scored": ranking.n_scored,
        "n_shards": run.n_shards,
        "n_missing_shards": run.n_shards - len(ranking.shards),
        "arity": run.arity,
        "model": run.model,
        "model_sha256": run.model_sha256,
        "training_sha256": str(run.training.get("sha256", "")),
        "training_last_seen": run.age("last_seen"),
        "training_cutoff": run.age("cutoff"),
        "training_age_unit": run.age_unit,
        "licence": run.licence[:_MOST_TEXT],
        "source": run.source[:_MOST_TEXT],
        "formulas": [ranking.composition(row).formula for row in range(min(_MOST_FORMULAS, len(ranking)))],
        "elements": [SYMBOLS[number] for number in numbers],
        "anions": [SYMBOLS[number] for number in np.unique(ranking.anions).tolist()],
        **scores,
        **threshold,
    }
