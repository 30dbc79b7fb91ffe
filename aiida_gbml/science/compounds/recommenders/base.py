"""What every recommender is: it learns from known compositions, scores others, explains a score, and can be stored."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateBlock, CandidateSpace
from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import UNKNOWN, CompositionSet
from aiida_gbml.science.compounds.recommenders.settings import Settings
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError

if TYPE_CHECKING:
    from typing_extensions import Self

KIND_PREFIX = "recommender."

_ROWS = 1 << 16  # rows scored at a time: bounds the memory


class RecommenderError(ValueError):
    """Settings, training data or compositions that a recommender cannot work with."""


@dataclass(frozen=True)
class Analogue:
    """A known composition that speaks for (or against) another.

    :param formula: of the known composition.
    :param contribution: what it adds to the score, or its similarity where the model is not a sum over known ones.
    """

    formula: str
    contribution: float


@dataclass(frozen=True)
class Contribution:
    """A part of a score.

    :param name: of the factor or term.
    :param value: what it adds to the score.
    """

    name: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """Why a composition has its score.

    :param formula: the composition.
    :param score: see :meth:`Recommender.score`.
    :param analogues: known compositions behind it, the weightiest first.
    :param factors: parts of the score, the largest absolute value first.
    """

    formula: str
    score: float
    analogues: tuple[Analogue, ...] = ()
    factors: tuple[Contribution, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class IonVectors:
    """What a model has learned of ions: ions with vectors of similar direction are alike.

    :param numbers: (n,) atomic numbers.
    :param vectors: (n, R) vectors, zero for ions never seen.
    """

    numbers: Array
    vectors: Array


@dataclass(frozen=True)
class TrainingRecord:
    """What a recommender was trained on, so that anyone can tell what it had seen.

    :param sha256: hash of the compositions, see :attr:`CompositionSet.sha256`.
    :param n_known: number of compositions, of any arity.
    :param n_used: those of the arity of the space that are neutral.
    :param source: where they are from.
    :param licence: under which they may be used.
    :param last_seen: largest first-seen date or number among them, -1 where none is known.
    :param cutoff: first-seen date or number before which all of them are, if they were cut off there.
    :param age_unit: what these two count, see :class:`CompositionSet`.
    """

    sha256: str
    n_known: int
    n_used: int
    source: str
    licence: str
    last_seen: int
    cutoff: int | None = None
    age_unit: str = ""

    @classmethod
    def of(cls, known: CompositionSet, n_used: int) -> TrainingRecord:
        """Return the record of a set."""
        last_seen = int(known.first_seen.max()) if len(known) else UNKNOWN
        return cls(known.sha256, len(known), n_used, known.source, known.licence, last_seen, age_unit=known.age_unit)


class Recommender(ABC):
    """A model that ranks compositions by how likely they are to exist.

    A subclass takes its settings as keyword arguments of ``__init__`` and keeps them under their own names, without
    any logic, and says in :attr:`allowed` what they may be; what is learned ends in ``_``. It writes :meth:`_fit`,
    :meth:`_score`, :meth:`_arrays` and :meth:`_restore`, and where it can :meth:`_analogues`, :meth:`_factors`,
    :meth:`kernel` and :meth:`support`.
    """

    kind: ClassVar[str]
    """Name in the registry; stored models have the kind ``recommender.<kind>``."""

    allowed: ClassVar[Settings] = {}
    """What each setting may be; the check before a fit and its message."""

    space_: CandidateSpace
    training_: TrainingRecord

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name, as scikit-learn's estimators do.

        :param deep: has no effect, for settings are plain values.
        """
        del deep
        return {
            name: getattr(self, name) for name in inspect.signature(type(self).__init__).parameters if name != "self"
        }

    def check_settings(self) -> None:
        """Raise unless every setting is what it may be.

        :raises RecommenderError: naming the setting, what it may be, and what it is.
        """
        for name, allowed in self.allowed.items():
            value = getattr(self, name)
            if not allowed.holds(value):
                raise RecommenderError(
                    f"'{name}' of the recommender '{self.kind}' must be {allowed.words}, got {value!r}"
                )

    def fit(self, known: CompositionSet, space: CandidateSpace) -> Self:
        """Learn from known compositions.

        :param known: compositions of any arity; those that are not neutral with the ions of the space are not used as
            examples.
        :param space: what is to be ranked: ions, arity and limits. Its filters have no effect here.
        :raises RecommenderError: when no known composition is in the space, or for impossible settings.
        """
        self.check_settings()
        roles, _ = RoleTable.of(known, space.ions, space.arity, space.limits)
        if not len(roles):
            raise RecommenderError(
                f"none of the {len(known)} known compositions is a neutral one of {space.arity} elements: "
                "there is nothing to learn from; check the ions and the coefficient limits"
            )
        self.space_ = space
        self.training_ = TrainingRecord.of(known, len(roles))
        self._fit(known, roles)
        return self

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) scores, float64: the higher, the more likely is the composition to exist.

        The score of a row does not depend on the other rows, to the last bit. Scores of two models cannot be compared.

        :param roles: compositions of the arity that the model was fitted to.
        :raises RecommenderError: for another arity, or a model that was not fitted.
        """
        self._check_fitted()
        if roles.arity != self.space_.arity:
            raise RecommenderError(
                f"the model was fitted to compositions of {self.space_.arity} elements, got {roles.arity} elements"
            )
        starts = range(0, len(roles), _ROWS)
        parts = [self._score(roles.take(np.arange(start, min(start + _ROWS, len(roles))))) for start in starts]
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)

    def score_block(self, block: CandidateBlock) -> Array:
        """Return the (t, r) scores of the candidates of a block, equal to those of :meth:`score`."""
        return self.score(block.roles()).reshape(len(block.cations), len(block.ratios))

    def kernel(self) -> FactorKernel | None:
        """Return the model as a matrix product for streaming, or ``None`` where it is none."""
        return None

    def support(self) -> RoleTable | None:
        """Return all neutral compositions with a score other than zero, or ``None`` where they are too many to list.

        A model that has a support ranks a space of any size exactly by scoring its support alone.
        """
        return None

    def ion_vectors(self) -> dict[str, IonVectors]:
        """Return the factors of ions by their role, ``cations`` or ``anions``; none where there are no such factors."""
        return {}

    def explain(self, composition: Composition, known: CompositionSet, n: int = 5) -> Explanation:
        """Say what stands behind the score of a composition.

        :param known: compositions among which analogues are looked for; the composition itself is none.
        :param n: largest number of analogues, and of factors.
        :raises RecommenderError: when the composition is not neutral with the model's ions, or of another arity.
        """
        self._check_fitted()
        row = self.roles_of(composition)
        others, _ = RoleTable.of(known, self.space_.ions, self.space_.arity, self.space_.limits)
        formulas = [others.composition(index).formula for index in range(len(others))]
        formula = composition.formula
        weights = self._analogues(row, others) if len(others) else np.zeros(0)
        pairs = [(name, float(weight)) for name, weight in zip(formulas, weights, strict=True) if name != formula]
        parts = [(name, float(value)) for name, value in self._factors(row)]
        return Explanation(
            formula,
            float(self.score(row)[0]),
            tuple(Analogue(*pair) for pair in _largest(pairs, n)),
            tuple(Contribution(*part) for part in _largest(parts, n)),
        )

    def roles_of(self, composition: Composition) -> RoleTable:
        """Return the one row of a composition.

        :raises RecommenderError: when it is not neutral with the model's ions, or of another arity.
        """
        space = self.space_
        row, _ = RoleTable.of(CompositionSet.of([composition]), space.ions, space.arity, space.limits)
        if not len(row):
            raise RecommenderError(
                f"'{composition.formula}' is no neutral composition of {space.arity} elements with coefficients up to "
                f"{space.limits.cation} for cations and {space.limits.anion} for the anion"
            )
        return row

    def to_file(self) -> ModelFile:
        """Return what is stored of the fitted model."""
        self._check_fitted()
        return ModelFile(
            kind=KIND_PREFIX + self.kind,
            arrays=self._arrays(),
            hyperparameters={
                "settings": plain(self.get_params()),
                "space": self.space_.to_dict(),
                "training": asdict(self.training_),
            },
            units={"score": "dimensionless"},
        )

    @classmethod
    def from_file(cls, file: ModelFile) -> Self:
        """Return the fitted model of a file.

        :raises ModelFileError: for another kind of model, or content that does not fit it.
        """
        if file.kind != KIND_PREFIX + cls.kind:
            raise ModelFileError(f"the model is of the kind '{file.kind}', expected '{KIND_PREFIX}{cls.kind}'")
        try:
            model = cls(**file.hyperparameters["settings"])
            model.space_ = CandidateSpace.from_dict(file.hyperparameters["space"])
            model.training_ = TrainingRecord(**file.hyperparameters["training"])
            model._restore(file.arrays)
        except (IndexError, KeyError, TypeError, ValueError) as exception:
            raise ModelFileError(
                f"the content does not fit a model of the kind '{file.kind}': {exception}"
            ) from exception
        return model

    @abstractmethod
    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        """Learn; ``space_`` and ``training_`` are there already.

        :param known: all known compositions.
        :param roles: the neutral ones of the arity of the space, at least one.
        """

    @abstractmethod
    def _score(self, roles: RoleTable) -> Array:
        """Return the (n,) scores of some thousand rows of the right arity."""

    @abstractmethod
    def _arrays(self) -> dict[str, Array]:
        """Return what was learned."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, Array]) -> None:
        """Take back what :meth:`_arrays` gave; ``space_`` and ``training_`` are there already."""

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        """Return the (m,) contributions of other compositions to the score of one row."""
        del row
        return np.zeros(len(others))

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        """Return the parts of the score of one row, by name."""
        del row
        return ()

    def _check_fitted(self) -> None:
        if not hasattr(self, "space_"):
            raise RecommenderError(f"the recommender '{self.kind}' is not fitted: call fit first")


def kernel_scores(kernel: FactorKernel, roles: RoleTable) -> Array:
    """Return the (n,) scores of a matrix product, equal to ``kernel.score(roles)``, with common factors made once."""
    tuples, ratios = _packed(np.column_stack([roles.cations, roles.anions])), _packed(roles.coefficients)
    _, first, own = np.unique(tuples, return_index=True, return_inverse=True)
    rows = kernel.rows(roles.cations[first], roles.anions[first]).T.astype(np.float64)
    _, first, place = np.unique(ratios, return_index=True, return_inverse=True)
    columns = kernel.columns(roles.coefficients[first]).T.astype(np.float64)
    scores: Array = np.zeros(len(roles))
    for row, column in zip(rows, columns, strict=True):
        scores += row[own] * column[place]
    return scores


def _packed(table: Array) -> Array:
    """Return (n,) whole numbers that tell rows of small ones apart."""
    key = np.zeros(len(table), dtype=np.int64)
    for column in table.T:
        key = key << 8 | column
    return key


def plain(value: Any) -> Any:
    """Return settings as JSON values: tuples become lists."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _largest(pairs: list[tuple[str, float]], n: int) -> list[tuple[str, float]]:
    """Return the n pairs of largest absolute value other than zero; equal ones in the order of their names."""
    return sorted((pair for pair in pairs if pair[1]), key=lambda pair: (-abs(pair[1]), pair[0]))[:n]
