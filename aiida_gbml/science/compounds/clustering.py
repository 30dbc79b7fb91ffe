"""Families of compounds: groups of similar descriptors, their number by a criterion, and what tells them apart.

Descriptors are standardised and reduced to principal components; scikit-learn's k-means groups them. The number of
groups is the one of the highest mean silhouette (Rousseeuw, J. Comput. Appl. Math. 20, 53 (1987)): how much nearer, on
average, a compound is to its own group than to the next one. A group is told by the compounds nearest to its centre,
and by a shallow decision tree on the descriptors themselves, with the share of compounds that it sorts correctly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.components import Components, principal_components

_N_STARTS = 10
_MOST_SILHOUETTE = 2000  # compounds; of more, the criterion is estimated on so many drawn ones
_N_NEAREST = 5


class ClusteringError(ValueError):
    """Compounds that cannot be grouped as asked."""


@dataclass(frozen=True)
class ClusterSettings:
    """How compounds are grouped, as plain JSON values.

    :param n_clusters: their number; none to take the one of the highest silhouette.
    :param most_clusters: largest number that is tried.
    :param n_components: most principal components.
    :param share: of the variance that they explain.
    :param tree_depth: questions that the decision tree may ask in a row; more where it could not tell all groups else.
    :param seed: of the starts of k-means.
    """

    n_clusters: int | None = None
    most_clusters: int = 10
    n_components: int = 10
    share: float = 0.95
    tree_depth: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_clusters", "most_clusters", "n_components", "tree_depth", "seed"):
            value = getattr(self, name)
            if name == "n_clusters" and value is None:
                continue
            least = {"n_clusters": 2, "most_clusters": 2, "seed": 0}.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ClusteringError(f"'{name}' of a clustering must be a whole number from {least} on, got {value!r}")
        if not isinstance(self.share, int | float) or not 0 < self.share <= 1:
            raise ClusteringError(f"'share' of a clustering must lie between 0 and 1, got {self.share!r}")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ClusterSettings:
        """Return the settings of plain values, all optional.

        :raises ClusteringError: for a setting that is not known or out of range.
        """
        known = list(cls.__dataclass_fields__)
        for name in values:
            if name not in known:
                raise ClusteringError(f"a clustering has no setting '{name}', known are {', '.join(known)}")
        return cls(**values)


@dataclass(frozen=True)
class Clustering:
    """Groups of n compounds, the largest first.

    :param labels: (n,) group of each compound, from 0.
    :param components: in which distances are measured.
    :param silhouettes: mean silhouette of each number of groups that was tried.
    :param nearest: rows of the compounds nearest to the centre of each group.
    :param rules: what a decision tree asks of the descriptors, as text.
    :param rules_correct: share of the compounds that the tree puts into their group, on data it has not seen.
    """

    labels: Array
    components: Components
    silhouettes: dict[int, float]
    nearest: list[list[int]]
    rules: str
    rules_correct: float

    @property
    def sizes(self) -> list[int]:
        """Number of compounds of each group."""
        sizes: list[int] = np.bincount(self.labels).tolist()
        return sizes


def cluster(descriptors: Array, names: Sequence[str], settings: ClusterSettings) -> Clustering:
    """Return groups of compounds.

    :param descriptors: (n, D) finite descriptors.
    :param names: (D,) of the descriptors.
    :raises ValueError: when there are too few compounds, or they do not differ.
    """
    if len(descriptors) < 4:
        raise ClusteringError(f"{len(descriptors)} compounds are too few to be grouped, expected at least four")
    components = principal_components(descriptors, settings.n_components, settings.share)
    points = components.points
    n_distinct = len(np.unique(np.round(points, 9), axis=0))
    most = max(2, min(settings.most_clusters, n_distinct - 1))
    numbers = list(range(2, most + 1)) if settings.n_clusters is None else [settings.n_clusters]
    if numbers[-1] > min(n_distinct, len(points) - 1):
        raise ClusteringError(f"{n_distinct} distinct compounds cannot be put into {numbers[-1]} groups")
    tried = {number: _k_means(points, number, settings.seed) for number in numbers}
    silhouettes = {number: _silhouette(points, labels, settings.seed) for number, labels in tried.items()}
    labels = tried[max(silhouettes, key=lambda number: (silhouettes[number], -number))]
    rules, correct = _rules(descriptors, names, labels, settings)
    return Clustering(labels, components, silhouettes, _nearest(points, labels), rules, correct)


def _k_means(points: Array, number: int, seed: int) -> Array:
    """Return the (n,) groups of scikit-learn's k-means, the largest first, equal ones by their first compound."""
    from sklearn.cluster import KMeans

    raw = KMeans(number, n_init=_N_STARTS, random_state=seed, algorithm="lloyd").fit(points).labels_
    order = sorted(range(number), key=lambda label: (-int(np.sum(raw == label)), int(np.argmax(raw == label))))
    ranks = np.empty(number, dtype=np.int64)
    ranks[order] = np.arange(number)
    labels: Array = ranks[raw]
    return labels


def _silhouette(points: Array, labels: Array, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    rows = np.random.default_rng(seed).permutation(len(points))[:_MOST_SILHOUETTE]
    rows = np.union1d(rows, np.unique(labels, return_index=True)[1])  # a small group may not be among the drawn ones
    return float(silhouette_score(points[rows], labels[rows]))


def _nearest(points: Array, labels: Array) -> list[list[int]]:
    """Return the rows nearest to the centre of each group, nearest first."""
    found = []
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        distances = np.linalg.norm(points[rows] - points[rows].mean(axis=0), axis=1)
        found.append(rows[np.argsort(np.round(distances, 9), kind="stable")][:_N_NEAREST].tolist())
    return found


def _rules(descriptors: Array, names: Sequence[str], labels: Array, settings: ClusterSettings) -> tuple[str, float]:
    """Return a decision tree as text, and the share of compounds that trees like it sort correctly unseen."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier, export_text

    count = int(labels.max()) + 1
    depth = max(settings.tree_depth, int(np.ceil(np.log2(count))))

    def tree() -> Any:
        return DecisionTreeClassifier(max_depth=depth, random_state=settings.seed)

    groups = [f"group {label + 1}" for label in range(count)]
    text = export_text(tree().fit(descriptors, labels), feature_names=list(names), class_names=groups, decimals=3)
    folds = min(5, int(np.bincount(labels).min()))
    if folds < 2:
        return str(text), float(np.mean(tree().fit(descriptors, labels).predict(descriptors) == labels))
    split = StratifiedKFold(folds, shuffle=True, random_state=settings.seed)
    return str(text), float(np.mean(cross_val_score(tree(), descriptors, labels, cv=split)))
