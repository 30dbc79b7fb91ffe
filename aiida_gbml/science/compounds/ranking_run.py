"""Runs: what is ranked by which model, so that only shards of the same run are merged, and where a ranking is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import UNKNOWN, age_text


@dataclass(frozen=True)
class RankingRun:
    """What all shards of a ranking share.

    :param space: plain values of the :class:`CandidateSpace`.
    :param model: kind of the model, such as ``ensemble``.
    :param model_sha256: hash of the model file.
    :param training: plain values of the model's record of its training: hash, numbers, source, licence.
    :param excluded_sha256: hash of the compositions that are not listed because they are known.
    :param n_excluded: number of them, candidates or not.
    :param excluded_source: where they are from.
    :param excluded_licence: under which they may be used.
    :param top_k: number of candidates to keep.
    :param stride: every so many-th candidate counts in the histogram.
    :param n_shards: number of parts in which the candidates are scored.
    :param shortlist: if the candidates are the best of another ranking: its model, hash and numbers.
    """

    space: Mapping[str, Any]
    model: str
    model_sha256: str
    training: Mapping[str, Any]
    excluded_sha256: str = ""
    n_excluded: int = 0
    excluded_source: str = ""
    excluded_licence: str = ""
    top_k: int = 1000
    stride: int = 1
    n_shards: int = 1
    shortlist: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            if not isinstance(getattr(self, name), kind) or isinstance(getattr(self, name), bool):
                raise ValueError(f"'{name}' of a run must be a {kind.__name__}, got {getattr(self, name)!r}")
        for name in ("top_k", "stride", "n_shards"):
            if getattr(self, name) < 1:
                raise ValueError(f"'{name}' of a run must be at least 1, got {getattr(self, name)}")
        if self.space.get("arity") not in range(2, 6):
            raise ValueError(f"the arity of a run must be from 2 to 5, got {self.space.get('arity')!r}")

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> RankingRun:
        """Return the run of plain values, as :meth:`to_dict` gives them.

        :raises ValueError: for a missing or unknown name, or a value of another type.
        """
        names = {one.name for one in fields(cls)}
        if set(content) != names:
            strange = sorted(set(content) ^ names)
            raise ValueError(f"the record of a run has no or an unknown '{strange[0]}'")
        return cls(**content)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @property
    def arity(self) -> int:
        """Number of elements of the candidates."""
        return int(self.space["arity"])

    @property
    def licence(self) -> str:
        """Licences of the compositions that the model was trained on, and of those that are left out."""
        return " and ".join(dict.fromkeys(filter(None, (str(self.training.get("licence", "")), self.excluded_licence))))

    @property
    def source(self) -> str:
        """Sources of the compositions that the model was trained on, and of those that are left out."""
        return " and ".join(dict.fromkeys(filter(None, (str(self.training.get("source", "")), self.excluded_source))))

    def candidate_space(self) -> CandidateSpace:
        """Return the candidates that are ranked."""
        return CandidateSpace.from_dict(self.space)

    def difference(self, other: RankingRun) -> str:
        """Return in words how another run differs, nothing if it does not."""
        for name, text in _NAMES.items():
            own, others = getattr(self, name), getattr(other, name)
            if own != others:
                values = "" if isinstance(own, Mapping) else f" ({_short(others)} instead of {_short(own)})"
                return f"its {text} is another{values}"
        return ""

    def provenance(self) -> dict[str, str]:
        """Return where a ranking is from as texts, for exports."""
        return {
            "licence": self.licence,
            "source": self.source,
            "model": self.model,
            "model_sha256": self.model_sha256,
            "training_sha256": str(self.training.get("sha256", "")),
            "training_cutoff": age_text(self.age("cutoff"), self.age_unit),
            "training_last_seen": age_text(self.age("last_seen"), self.age_unit),
            "training_age_unit": self.age_unit,
            "excluded_sha256": self.excluded_sha256,
        }

    @property
    def age_unit(self) -> str:
        """What the ages of the training set count, empty if there are none."""
        return str(self.training.get("age_unit", ""))

    def age(self, name: str) -> int | None:
        """Return an age of the training set, none where it is not known.

        :param name: ``last_seen`` or ``cutoff``.
        """
        value = self.training.get(name)
        return value if type(value) is int and value != UNKNOWN else None


def known_until(last_seen: int | None, unit: str) -> str:
    """Return the age of what a model knew last as a reader wants it; nothing where ages are unknown.

    :param unit: that ages count.
    """
    text = age_text(last_seen, unit)
    return f"{unit} {text}" if text and unit == "identifier" else text


@dataclass(frozen=True)
class ShardRecord:
    """What became of one shard.

    :param shard: its number, from 0.
    :param n_scored: number of its candidates, known ones too.
    :param n_kept: number of candidates that it contributes to the ranking of all, at most.
    """

    shard: int
    n_scored: int
    n_kept: int

    def __post_init__(self) -> None:
        if not all(type(value) is int and value >= 0 for value in asdict(self).values()):
            raise ValueError(f"the record of a shard holds {asdict(self)}, expected whole numbers from 0")

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ShardRecord:
        """Return the record of plain values, as :meth:`to_dict` gives them."""
        return cls(**content)

    def to_dict(self) -> dict[str, int]:
        """Return plain JSON values."""
        return asdict(self)


_KINDS = {
    "space": Mapping,
    "model": str,
    "model_sha256": str,
    "training": Mapping,
    "excluded_sha256": str,
    "n_excluded": int,
    "excluded_source": str,
    "excluded_licence": str,
    "top_k": int,
    "stride": int,
    "n_shards": int,
    "shortlist": Mapping,
}
_NAMES = {
    "space": "space of candidates",
    "model": "kind of model",
    "model_sha256": "model",
    "training": "training set",
    "excluded_sha256": "set of excluded compositions",
    "n_excluded": "number of excluded compositions",
    "excluded_source": "source of the excluded compositions",
    "excluded_licence": "licence of the excluded compositions",
    "top_k": "number of candidates to keep",
    "stride": "step of the histogram",
    "n_shards": "number of shards",
    "shortlist": "shortlist",
}


def _short(value: Any) -> str:
    text = str(value)
    return f"'{text[:12]}...'" if len(text) > 16 else f"'{text}'"
