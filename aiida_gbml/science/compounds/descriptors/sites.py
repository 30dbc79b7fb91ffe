"""Features of the atoms of compounds: small classes, plain JSON in and out, one row of numbers an atom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any, ClassVar, Protocol

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.angular import angular_fourier_series, bond_order, smooth_power_spectrum
from aiida_gbml.science.compounds.descriptors.bonds import BOND_FEATURES, bond_distribution, bond_features
from aiida_gbml.science.compounds.descriptors.compounds import DescriptorError
from aiida_gbml.science.compounds.descriptors.neighbours import Neighbours
from aiida_gbml.science.compounds.descriptors.radial import radial_distribution, shell_histogram
from aiida_gbml.science.compounds.elements import NAMES, columns_of, element_table, valence_electrons

LOGARITHMIC = ("density", "thermal_conductivity")
"""Elemental properties that span decades and enter as decimal logarithms."""

_MOST = {"cutoff": 15.0, "last": 15.0, "count": 200, "largest": 20}
"""Within 15 Å there are a thousand neighbours; pairs of two thousand atoms are gigabytes beyond."""


class Site(Protocol):
    """Features of one kind; ``cutoff`` (Å) is how far they see, 0 for those that know the element alone."""

    kind: ClassVar[str]

    @property
    def cutoff(self) -> float:
        """How far the feature sees, in Å; 0 when it needs no structure."""

    @property
    def names(self) -> list[str]:
        """Name of each column."""

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:
        """Return the (N, k) features of atoms, whose atomic numbers and neighbours are given."""


class _Numbers:
    """Features whose options are numbers, whole where their defaults are."""

    def __post_init__(self) -> None:
        """Raise unless the options make sense.

        :raises DescriptorError: naming the option.
        """
        for one in fields(self):  # type: ignore[arg-type]  # of its subclasses, which are data classes
            value, is_whole, most = getattr(self, one.name), isinstance(one.default, int), _MOST.get(one.name)
            kinds = int if is_whole else (int, float)
            good = isinstance(value, kinds) and not isinstance(value, bool) and isfinite(value) and value > 0
            if not good or (most is not None and value > most):
                what = f"{'whole ' if is_whole else ''}number above 0{'' if most is None else f', at most {most}'}"
                raise DescriptorError(
                    f"'{one.name}' of the feature '{self.kind}' must be a {what}, got {value!r}"  # type: ignore[attr-defined]
                )
        first, last = getattr(self, "first", 0.0), getattr(self, "last", 1.0)
        if first >= last:
            raise DescriptorError(f"'first' of a feature must be less than 'last', got {first} and {last}")


@dataclass(frozen=True)
class Elements:
    """Properties of the element of an atom.

    :param properties: names of columns of the table of elements.
    """

    kind: ClassVar[str] = "elements"
    properties: tuple[str, ...] = NAMES

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", tuple(self.properties))
        columns_of(self.properties)

    @property
    def cutoff(self) -> float:  # noqa: D102
        return 0.0

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"log10({name})" if name in LOGARITHMIC else name for name in self.properties]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        values = element_table().of(numbers, self.properties)
        for column, name in enumerate(self.properties):
            if name in LOGARITHMIC:
                values[:, column] = np.log10(values[:, column])
        return values


@dataclass(frozen=True)
class Valence:
    """Electrons in the outer s, p, d and f shells of an atom by Madelung's rule."""

    kind: ClassVar[str] = "valence"

    @property
    def cutoff(self) -> float:  # noqa: D102
        return 0.0

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"valence_{shell}" for shell in "spdf"]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        return valence_electrons(numbers)


@dataclass(frozen=True)
class Bonds(_Numbers):
    """Bonds of an atom to its neighbours, see :mod:`~.bonds`.

    :param cutoff: in Å; where the largest atoms are no longer bonded.
    """

    kind: ClassVar[str] = "bonds"
    cutoff: float = 9.0

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"bonds_{name}" for name in BOND_FEATURES]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: D102
        return bond_features(neighbours, numbers)


@dataclass(frozen=True)
class Shells(_Numbers):
    """Gaussian shells around an atom.

    :param first: smallest radius, in Å.
    :param last: largest radius, in Å.
    :param count: number of shells.
    :param eta: inverse square width, 1/Å².
    :param cutoff: in Å.
    """

    first: float = 1.2
    last: float = 5.0
    count: int = 16
    eta: float = 6.0
    cutoff: float = 5.0

    @property
    def centres(self) -> Array:
        """Radii of the shells."""
        return np.linspace(self.first, self.last, self.count)


@dataclass(frozen=True)
class Radial(Shells):
    """Generalised radial distribution function."""

    kind: ClassVar[str] = "radial"

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"radial_{centre:.3g}" for centre in self.centres]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        return radial_distribution(neighbours, self.centres, self.eta, self.cutoff)


@dataclass(frozen=True)
class Histogram(_Numbers):
    """Numbers of neighbours in shells of equal width.

    :param first: smallest radius, in Å.
    :param last: largest radius, in Å.
    :param count: number of shells.
    """

    kind: ClassVar[str] = "histogram"
    first: float = 1.0
    last: float = 6.0
    count: int = 20

    @property
    def cutoff(self) -> float:  # noqa: D102
        return self.last

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"shell_{edge:.3g}" for edge in np.linspace(self.first, self.last, self.count + 1)[:-1]]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        return shell_histogram(neighbours, np.linspace(self.first, self.last, self.count + 1))


@dataclass(frozen=True)
class BondDistribution(_Numbers):
    """Neighbours by the ratio of their distance to the sum of covalent radii, plain and times squared unlikeness.

    :param first: smallest ratio.
    :param last: largest ratio.
    :param count: number of ratios.
    :param width: of each.
    :param cutoff: in Å; large atoms have no neighbours of large ratios within it.
    """

    kind: ClassVar[str] = "bond_distribution"
    first: float = 0.7
    last: float = 2.2
    count: int = 16
    width: float = 0.1
    cutoff: float = 6.0

    @property
    def names(self) -> list[str]:  # noqa: D102
        ratios = np.linspace(self.first, self.last, self.count)
        return [f"{what}_{ratio:.3g}" for what in ("ratio", "unlike_ratio") for ratio in ratios]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: D102
        ratios = np.linspace(self.first, self.last, self.count)
        return np.hstack(bond_distribution(neighbours, numbers, ratios, self.width))


@dataclass(frozen=True)
class BondOrder(_Numbers):
    """Steinhardt's bond-order parameters.

    :param largest: largest l.
    :param width: how much farther than the nearest a neighbour still counts, relative to its distance.
    :param cutoff: in Å.
    """

    kind: ClassVar[str] = "bond_order"
    largest: int = 6
    width: float = 0.25
    cutoff: float = 5.0

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"bond_order_{momentum}" for momentum in range(1, self.largest + 1)]

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        return bond_order(neighbours, self.largest, self.width)


@dataclass(frozen=True)
class AngularShells(Shells):
    """What features of shells and angles share: one column for each centre and each l.

    :param largest: largest l.
    """

    prefix: ClassVar[str]
    first: float = 1.5
    count: int = 6
    eta: float = 3.0
    largest: int = 4

    @property
    def names(self) -> list[str]:  # noqa: D102
        return [f"{self.prefix}_{centre:.3g}_{l}" for centre in self.centres for l in range(self.largest + 1)]  # noqa: E741


@dataclass(frozen=True)
class PowerSpectrum(AngularShells):
    """Square root of the power spectrum of Gaussian shells: a smooth overlap of atomic positions."""

    kind: ClassVar[str] = "power_spectrum"
    prefix: ClassVar[str] = "power"

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        return smooth_power_spectrum(neighbours, self.centres, self.eta, self.cutoff, self.largest)


@dataclass(frozen=True)
class AngularFourier(AngularShells):
    """Angular Fourier series of Gaussian shells."""

    kind: ClassVar[str] = "angular_fourier"
    prefix: ClassVar[str] = "fourier"

    def values(self, numbers: Array, neighbours: Neighbours) -> Array:  # noqa: ARG002, D102
        return angular_fourier_series(neighbours, self.centres, self.eta, self.cutoff, self.largest)


SITES: dict[str, type[Any]] = {
    one.kind: one
    for one in (
        Elements,
        Valence,
        Bonds,
        Radial,
        Histogram,
        BondDistribution,
        BondOrder,
        PowerSpectrum,
        AngularFourier,
    )
}
"""The closed list of kinds of features of atoms."""


def site_to_dict(site: Site) -> dict[str, Any]:
    """Return plain JSON values, of which :func:`site_from_dict` makes an equal object."""
    values = asdict(site)  # type: ignore[call-overload]
    return {"kind": site.kind, **{name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}}


def site_from_dict(values: Mapping[str, Any]) -> Site:
    """Return the features of a dictionary.

    :raises DescriptorError: for an unknown kind or option.
    """
    if not isinstance(values, Mapping):
        raise DescriptorError(f"a feature of atoms is an object with a 'kind', got {values!r}")
    options = dict(values)
    kind = options.pop("kind", None)
    if not isinstance(kind, str) or kind not in SITES:
        raise DescriptorError(f"'{kind}' is no feature of atoms, choose from {', '.join(SITES)}")
    try:
        site: Site = SITES[kind](**options)
    except TypeError as exception:
        raise DescriptorError(f"the feature '{kind}' does not take the options {options}: {exception}") from exception
    return site
