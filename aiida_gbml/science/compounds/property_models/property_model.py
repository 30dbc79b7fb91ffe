"""A property of compounds: descriptors, an estimator, and intervals that cover what they promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.compounds import Compounds
from aiida_gbml.science.compounds.descriptors.spec import DescriptorSpec
from aiida_gbml.science.compounds.objective import LINEAR, LOG10, SCALES
from aiida_gbml.science.compounds.property_models.boosted_trees import BoostedTrees
from aiida_gbml.science.compounds.property_models.cross_fit import OutOfFold, cross_fit, predict_with_deviation
from aiida_gbml.science.compounds.property_models.ensemble import AveragingEnsemble, for_parts
from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.compounds.property_models.kernel_ridge import BlockKernelRidge
from aiida_gbml.science.compounds.property_models.settings import check_settings
from aiida_gbml.science.learning.conformal import conformal_quantile, scores_of, split_interval
from aiida_gbml.science.learning.model_file import ModelFile, rebuild
from aiida_gbml.science.learning.splits import grouped_folds

ESTIMATORS: dict[str, type[Any]] = {
    "kernel_ridge": BlockKernelRidge,
    "gaussian_process": BlockGaussianProcess,
    "gradient_boosting": BoostedTrees,
    "ensemble": AveragingEnsemble,
}
"""The closed list of kinds of models; the kind of a model file is ``property.<kind>``."""

_PREFIX = "property."
_FOLDS = 5
_ESTIMATOR = "estimator."


class PropertyModelError(ValueError):
    """A model of a property was asked for what it cannot do."""


@dataclass(frozen=True)
class Prediction:
    """What a model says about m compounds.

    :param mean: (m,) in the unit of the property.
    :param lower: (m,) lower ends of the intervals, in the same unit.
    :param upper: (m,) upper ends.
    :param deviation: (m,) standard deviations on the modelled scale: in decades for logarithms.
    """

    mean: Array
    lower: Array
    upper: Array
    deviation: Array


@dataclass
class PropertyModel:
    """A model of one property, with conformal intervals.

    The intervals are calibrated by out-of-fold predictions of the training set itself, parted by chemical system, and
    measured by the model's own standard deviation where it has one. The scores and their groups are kept, so that
    intervals of any coverage can be had of a stored model.

    >>> model = PropertyModel(DescriptorSpec.preset("structure")).fit(compounds, targets)  # doctest: +SKIP
    >>> model.predict(others, coverage=0.95).upper  # doctest: +SKIP

    :param spec: descriptors.
    :param kind: one of :data:`ESTIMATORS`.
    :param settings: arguments of the estimator's constructor other than ``blocks``.
    :param scale: ``linear``, or ``log10`` for a positive property of many magnitudes.
    :param name: of the property.
    :param unit: of the property.
    :param coverage: of the intervals, unless another is asked for.
    :raises PropertyModelError: for an unknown kind or scale.
    :raises SettingsError: for an unknown or impossible setting.
    """

    spec: DescriptorSpec
    kind: str = "ensemble"
    settings: Mapping[str, Any] = field(default_factory=dict)
    scale: str = LINEAR
    name: str = "property"
    unit: str = ""
    coverage: float = 0.9

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise PropertyModelError(f"'{self.scale}' is no scale, choose from {', '.join(SCALES)}")
        self.estimator_ = self._estimator()
        self.scores_: Array = np.zeros(0)
        self.score_groups_: Array = np.zeros(0, dtype=np.int64)
        self.elements_: Array = np.zeros(0, dtype=np.int64)

    def fit(self, compounds: Compounds, targets: Array, groups: Array | None = None) -> PropertyModel:
        """Learn the (n,) targets of n compounds, in the unit of the property.

        :param groups: (n,) labels that out-of-fold predictions never part; chemical systems by default.
        :raises PropertyModelError: for a target that the scale does not take.
        """
        values = self.spec.describe(compounds).values
        labels = compounds.systems if groups is None else groups
        return self.fit_values(values, targets, labels, np.unique(compounds.numbers))

    def fit_values(self, values: Array, targets: Array, groups: Array, elements: Array) -> PropertyModel:
        """Learn targets at (n, d) descriptors that are already known; see :meth:`fit`.

        :param elements: atomic numbers that the compounds have.
        """
        modelled = self.modelled(targets)
        self.elements_ = np.asarray(elements, dtype=np.int64)
        estimator = self.estimator_
        if isinstance(estimator, AveragingEnsemble):
            estimator.fit(values, modelled, groups)
            unseen = estimator.out_of_fold_
        else:
            estimator.fit(values, modelled)
            unseen = self._out_of_fold(values, modelled, groups)
        if unseen is None:
            raise PropertyModelError("intervals need compounds of two chemical systems at least, there is one only")
        self._constant = float(np.sqrt(np.mean((unseen.mean - modelled[unseen.rows]) ** 2))) or 1.0
        deviation = np.full(len(unseen.rows), self._constant) if unseen.deviation is None else unseen.deviation
        self.scores_ = scores_of(modelled[unseen.rows], unseen.mean, deviation)
        self.score_groups_ = np.unique(groups[unseen.rows], return_inverse=True)[1].ravel()
        return self

    def predict(self, compounds: Compounds, coverage: float | None = None) -> Prediction:
        """Return what the model says about m compounds.

        :param coverage: of the intervals, the model's own by default.
        """
        return self.predict_values(self.spec.describe(compounds).values, coverage)

    def predict_values(self, values: Array, coverage: float | None = None) -> Prediction:
        """Return what the model says at (m, d) descriptors."""
        mean, own = predict_with_deviation(self.estimator_, values)
        deviation = np.full(len(mean), self._constant) if own is None else own
        wanted = self.coverage if coverage is None else coverage
        quantile = conformal_quantile(self.scores_, wanted, self.score_groups_)
        lower, upper = split_interval(mean, quantile, deviation)
        return Prediction(self.measured(mean), self.measured(lower), self.measured(upper), deviation)

    def is_familiar(self, compounds: Compounds) -> Array:
        """Return (m,) True where the training set has every element of a compound."""
        strange = ~np.isin(compounds.numbers, self.elements_)
        result: Array = ~np.logical_or.reduceat(strange, compounds.offsets[:-1])
        return result

    def modelled(self, targets: Array) -> Array:
        """Return what the estimator sees of targets in the unit of the property.

        :raises PropertyModelError: for a target without a logarithm, or none that is finite.
        """
        values = np.asarray(targets, dtype=float)
        if self.scale == LINEAR:
            return values
        if not np.all(values > 0):
            raise PropertyModelError(
                f"'{self.name}' has the value {values[~(values > 0)][0]:g}, which has no logarithm; choose the "
                "scale 'linear'"
            )
        result: Array = np.log10(values)
        return result

    def measured(self, values: Array) -> Array:
        """Return values of the modelled scale in the unit of the property."""
        return 10**values if self.scale == LOG10 else values

    @property
    def error_unit(self) -> str:
        """Unit of errors on the modelled scale."""
        return "decades" if self.scale == LOG10 else self.unit

    @property
    def lengths(self) -> dict[str, float]:
        """Length scale of each block of descriptors, for a model that has any."""
        process = getattr(self.estimator_, "process_", self.estimator_)
        found = getattr(process, "hyperparameters_", None)
        names = [block.name for block in self.spec.blocks]
        return {} if found is None else dict(zip(names, found.lengths, strict=True))

    def to_file(self, training_uuids: list[str] | None = None) -> ModelFile:
        """Return what is stored of the fitted model."""
        arrays, record = self.estimator_.state()
        return ModelFile(
            kind=_PREFIX + self.kind,
            arrays={
                **{_ESTIMATOR + name: array for name, array in arrays.items()},
                "scores": self.scores_,
                "score_groups": self.score_groups_,
                "elements": self.elements_,
            },
            hyperparameters={
                "settings": dict(self.settings),
                "record": record,
                "scale": self.scale,
                "name": self.name,
                "unit": self.unit,
                "coverage": self.coverage,
                "constant": self._constant,
            },
            features=self.spec.to_dict(),
            units={self.name: self.unit},
            training_uuids=training_uuids or [],
        )

    @classmethod
    def from_file(cls, file: ModelFile) -> PropertyModel:
        """Return the model of a file.

        :raises ~aiida_gbml.science.learning.model_file.ModelFileError: when the file holds another kind, or its content
            does not fit.
        """
        return rebuild(file, {_PREFIX + kind: cls._of for kind in ESTIMATORS})

    @classmethod
    def _of(cls, file: ModelFile) -> PropertyModel:
        known = file.hyperparameters
        kind = file.kind.removeprefix(_PREFIX)
        texts = {name: str(known[name]) for name in ("scale", "name", "unit")}
        model = cls(
            DescriptorSpec.from_dict(file.features), kind, known["settings"], **texts, coverage=float(known["coverage"])
        )
        own = {name.removeprefix(_ESTIMATOR): a for name, a in file.arrays.items() if name.startswith(_ESTIMATOR)}
        model.estimator_.restore(own, known["record"])
        if model.estimator_.n_features_in_ != sum(model.spec.sizes):
            raise ValueError("the estimator was fitted to other descriptors than those that are described")
        model.scores_, model.score_groups_ = file.arrays["scores"], file.arrays["score_groups"]
        if model.scores_.ndim != 1 or model.scores_.shape != model.score_groups_.shape:
            raise ValueError("the scores of the intervals and their groups differ in number")
        model.elements_ = file.arrays["elements"]
        model._constant = float(known["constant"])
        return model

    def _estimator(self) -> Any:
        if not isinstance(self.kind, str) or self.kind not in ESTIMATORS:
            raise PropertyModelError(f"'{self.kind}' is no kind of model, choose from {', '.join(ESTIMATORS)}")
        of = ESTIMATORS[self.kind]
        check_settings(of, self.kind, self.settings, self.spec.sizes)
        blocks = {"blocks": self.spec.sizes} if "blocks" in signature(of).parameters else {}
        return of(**blocks, **self.settings)

    def _out_of_fold(self, values: Array, modelled: Array, groups: Array) -> OutOfFold | None:
        parts = min(_FOLDS, len(np.unique(groups)))
        if parts < 2:
            return None
        estimator = self.estimator_
        template = for_parts(estimator) if isinstance(estimator, BlockGaussianProcess) else estimator
        return cross_fit(template, values, modelled, grouped_folds(groups, parts, int(self.settings.get("seed", 0))))
