"""A classifier on compositional descriptors, which knows of compositions only what their elements are like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.elements import NAMES
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.role_descriptors import PARTS, role_descriptors
from aiida_gbml.science.compounds.recommenders.settings import SEED, Settings, above_zero, whole
from aiida_gbml.science.compounds.recommenders.unlabelled import draw_unlabelled
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.learning.trees import MOST_LEAVES, TreeEnsemble


class DescriptorRecommender(Recommender):
    r"""Boosted trees that tell known compositions from candidates drawn at random (positive-unlabelled learning).

    The score is the logarithm of the odds :math:`g / (1 - g)` of being known rather than drawn; it grows with the
    probability to exist as long as the known ones are a fair sample of what exists (Elkan & Noto 2008).

    :param n_unlabelled: candidates that are drawn for each known composition.
    :param trees: number of trees.
    :param learning_rate: by how much each tree counts.
    :param leaves: most leaves of a tree.
    :param seed: of the draw.
    """

    kind = "descriptors"
    allowed: ClassVar[Settings] = {
        "n_unlabelled": whole(1, 1000),
        "trees": whole(1, 10_000),
        "learning_rate": above_zero(1),
        "leaves": whole(2, MOST_LEAVES),
        "seed": SEED,
    }

    def __init__(
        self,
        n_unlabelled: int = 10,
        trees: int = 150,
        learning_rate: float = 0.1,
        leaves: int = 31,
        seed: int = 0,
    ) -> None:
        self.n_unlabelled = n_unlabelled
        self.trees = trees
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.seed = seed

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        del known
        roles = roles.take(np.lexsort((*roles.coefficients.T, roles.anions, *roles.cations.T)))
        drawn = draw_unlabelled(self.space_, self.n_unlabelled * len(roles), self.seed, roles)
        features = role_descriptors(RoleTable.concatenate([roles, drawn]))
        labels = np.arange(len(features)) < len(roles)
        classifier = HistGradientBoostingClassifier(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            early_stopping=False,
            random_state=self.seed,
        )
        self.trees_ = TreeEnsemble.of(classifier.fit(features, labels))
        own = features[: len(roles)]
        self.typical_, self.spread_ = np.median(own, axis=0), own.std(axis=0) + np.finfo(np.float32).eps

    def _score(self, roles: RoleTable) -> Array:
        return self.trees_.predict(role_descriptors(roles))

    def _arrays(self) -> dict[str, Array]:
        return {**self.trees_.to_arrays(), "typical": self.typical_, "spread": self.spread_}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.trees_ = TreeEnsemble.from_arrays(arrays)
        self.typical_, self.spread_ = arrays["typical"], arrays["spread"]

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        """Return the similarities 1 / (1 + distance) in the space of the standardised descriptors."""
        offsets = (role_descriptors(others) - role_descriptors(row)) / self.spread_
        similarity: Array = 1 / (1 + np.sqrt(np.mean(offsets**2, axis=1)))
        return similarity

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        """Yield by how much the score would fall if a property were that of a typical known composition."""
        features = role_descriptors(row)
        score = self.trees_.predict(features)[0]
        n_parts = len(PARTS)
        for place, name in enumerate(NAMES):
            changed = features.copy()
            columns = slice(n_parts * place, n_parts * (place + 1))
            changed[:, columns] = self.typical_[columns]
            yield name.replace("_", " "), float(score - self.trees_.predict(changed)[0])
