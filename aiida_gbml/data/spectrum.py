"""The spectrum of one absorbing site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm
from aiida.common.exceptions import ValidationError
from numpy.typing import ArrayLike, NDArray

UNIT = "arb. units"
"""The codes name no unit; within one code and edge the intensities of sites and structures are comparable."""

_ARRAYS = ("array|", "x_", "y_")
"""How the attributes begin that describe the arrays."""

REQUIRED: dict[str, tuple[type, ...]] = {
    "element": (str,),
    "edge": (str,),
    "treatment": (str,),
    "site": (int,),
    "multiplicity": (int,),
    "formula": (str,),
    "alignment": (str,),
    "energy_zero": (int, float),
    "transition_energy": (int, float, type(None)),
    "empirical_offset": (int, float),
    "polarisation": (str,),
    "broadening": (str,),
    "warnings": (list,),
}
"""The details that every spectrum has, with their types."""


class SpectrumData(orm.XyData):
    """(m,) intensities of one site over (m,) energies in eV: weighted over the directions first, then each direction.

    ``element``, ``edge`` (K, L1, L2, L3, L23), ``treatment`` of the hole (none, half, full, excited), ``site`` (index
    in the user's structure, from 0), its ``multiplicity``, and the ``formula`` of the structure; ``alignment`` says
    what the energies are relative to; ``energy_zero`` in eV is the level, on the scale of the bands, that stands at the
    ``transition_energy`` in eV or, with another alignment, at zero; ``empirical_offset`` in eV is never part of the
    axis; ``polarisation`` and ``broadening`` in words; ``warnings`` are caveats for people.
    """

    def __init__(
        self,
        energy: ArrayLike | None = None,
        intensity: ArrayLike | None = None,
        directions: Mapping[str, ArrayLike] | None = None,
        details: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a spectrum of arrays.

        :param energy: (m,) energies in eV, ascending.
        :param intensity: (m,) intensities, weighted over the directions.
        :param directions: (m,) intensities for each direction of polarisation by its name.
        :param details: the attributes named above.
        """
        super().__init__(**kwargs)
        if energy is None or intensity is None:
            return
        arrays = {"intensity": intensity, **(directions or {})}
        self.set_x(np.asarray(energy, dtype=float), "energy", "eV")
        values = [np.asarray(array, dtype=float) for array in arrays.values()]
        self.set_y(values, list(arrays), [UNIT] * len(arrays))
        self.base.attributes.set_many(dict(details or {}))

    @property
    def energy(self) -> NDArray[np.float64]:
        """(m,) energies in eV."""
        return self.get_array("x_array")

    @property
    def intensity(self) -> NDArray[np.float64]:
        """(m,) intensities, weighted over the directions of polarisation."""
        return self.get_array("y_array_0")

    @property
    def directions(self) -> dict[str, NDArray[np.float64]]:
        """(m,) intensities for each direction of polarisation by its name."""
        return {name: array for name, array, _ in self.get_y()[1:]}

    @property
    def details(self) -> dict[str, Any]:
        """What the attributes say about the spectrum."""
        attributes = self.base.attributes.all
        return {name: value for name, value in attributes.items() if not name.startswith(_ARRAYS)}

    def _validate(self) -> bool:
        """Refuse to store a spectrum that a query would miss or a reader misread."""
        super()._validate()
        try:
            _check_details(self.base.attributes.all)
            _check_arrays(self.energy, [array for _, array, _ in self.get_y()])
        except ValueError as exception:
            raise ValidationError(f"SpectrumData: {exception}") from exception
        return True

    @classmethod
    def query(
        cls, element: str | None = None, edge: str | None = None, treatment: str | None = None
    ) -> orm.QueryBuilder:
        """Return the query for the spectra that fit, latest first.

        :param element: chemical symbol of the absorbing atom.
        :param edge: K, L1, L2, L3 or L23.
        :param treatment: none, half, full or excited.
        """
        wanted = {"element": element, "edge": edge, "treatment": treatment}
        filters = {f"attributes.{name}": value for name, value in wanted.items() if value is not None}
        builder = orm.QueryBuilder().append(cls, filters=filters, tag="spectrum", project="*")
        return builder.order_by({"spectrum": {"id": "desc"}})


def _check_details(details: Mapping[str, Any]) -> None:
    """Raise unless every detail is there and of its type."""
    missing = [name for name in REQUIRED if name not in details]
    if missing:
        raise ValueError(f"the spectrum lacks {', '.join(missing)}")
    for name, types in REQUIRED.items():
        if not isinstance(details[name], types) or isinstance(details[name], bool):
            raise ValueError(f"'{name}' must be of the type {types[0].__name__}, got {details[name]!r}")


def _check_arrays(energy: NDArray[np.float64], intensities: list[NDArray[np.float64]]) -> None:
    """Raise unless the energies ascend and all numbers are finite."""
    if energy.ndim != 1 or len(energy) < 2:
        raise ValueError(f"a spectrum has at least two energies, got an array of the shape {energy.shape}")
    if not (np.isfinite(energy).all() and (np.diff(energy) > 0).all()):
        raise ValueError("the energies must be finite and ascend")
    if not all(np.isfinite(intensity).all() for intensity in intensities):
        raise ValueError("the intensities hold a number that is not finite")
