"""The node that sums up one finished search: what is known of one boundary, in fields that one query finds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common.exceptions import ValidationError

REQUIRED: dict[str, tuple[type, ...]] = {
    "sigma": (int,),
    "type": (str,),
    "rotation_axis": (list,),
    "gb_plane": (list,),
    "rotation_angle": (float, int),
    "gb_energy": (float, int),
    "pretty_formula": (str,),
    "elements": (list,),
    "n_evaluated": (int,),
    "n_candidates": (int,),
    "n_failed": (int,),
    "engine": (str,),
    "level_of_theory": (str,),
    "structure_uuid": (str,),
}
"""The fields that every summary has, with their types."""


class InterfaceData(orm.Dict):
    """The flat summary of one search; fields are named like the grain-boundary documents of the Materials Project.

    ``sigma``; ``type`` such as 'symmetric tilt' or 'twist'; ``rotation_axis`` and ``gb_plane`` as three integers;
    ``rotation_angle`` in degrees; ``gb_energy`` in J/m²; ``excess_volume`` in Å, except for slabs; ``pretty_formula``
    and ``elements``; ``n_evaluated``, ``n_candidates`` and ``n_failed``, of which ``n_machine_faults`` say nothing of
    their structures; ``engine`` and ``level_of_theory`` of the
    energy; ``structure_uuid`` of the most stable structure. Further fields may be there, all of them flat.
    """

    def _validate(self) -> bool:
        """Refuse to store a summary that a query would miss or misread."""
        super()._validate()
        fields = self.get_dict()
        try:
            _check_required(fields)
            for name, value in fields.items():
                _check_flat(name, value)
        except ValueError as exception:
            raise ValidationError(f"InterfaceData: {exception}") from exception
        return True

    @classmethod
    def query(
        cls,
        sigma: int | None = None,
        element: str | None = None,
        boundary_type: str | None = None,
        max_energy: float | None = None,
    ) -> orm.QueryBuilder:
        """Return the query for the summaries that fit, lowest boundary energy first.

        :param sigma: reciprocal density of coincidence sites.
        :param element: chemical symbol that the crystal holds.
        :param boundary_type: 'tilt', 'twist', or more exactly 'symmetric tilt', 'asymmetric tilt'.
        :param max_energy: highest boundary energy in J/m².
        """
        filters: dict[str, Any] = {}
        if sigma is not None:
            filters["attributes.sigma"] = sigma
        if element is not None:
            filters["attributes.elements"] = {"contains": [element]}
        if boundary_type is not None:
            filters["attributes.type"] = {"or": [{"==": boundary_type}, {"like": f"% {boundary_type}"}]}
        if max_energy is not None:
            filters["attributes.gb_energy"] = {"<=": max_energy}
        builder = orm.QueryBuilder().append(cls, filters=filters, tag="interface", project="*")
        return builder.order_by({"interface": [{"attributes.gb_energy": {"order": "asc", "cast": "f"}}, {"id": "asc"}]})


def _check_required(fields: Mapping[str, Any]) -> None:
    """Raise unless the required fields are there, of the right type and possible."""
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise ValueError(f"the summary lacks {', '.join(missing)}")
    for name, types in REQUIRED.items():
        if not isinstance(fields[name], types) or isinstance(fields[name], bool):
            raise ValueError(f"'{name}' must be of the type {types[0].__name__}, got {fields[name]!r}")
    for name in ("rotation_axis", "gb_plane"):
        if len(fields[name]) != 3 or not all(isinstance(index, int) for index in fields[name]):
            raise ValueError(f"'{name}' must be three integers, got {fields[name]!r}")
    if fields["sigma"] < 1:
        raise ValueError(f"'sigma' must be at least 1, got {fields['sigma']}")
    if not 0 <= fields["n_failed"] <= fields["n_evaluated"]:
        raise ValueError(f"'n_failed' ({fields['n_failed']}) must lie between 0 and n_evaluated")


def _check_flat(name: str, value: object) -> None:
    """Raise unless a value is a finite number, a text, or a list of these."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | int | float):
            raise ValueError(f"'{name}' must be a number, a text or a list of these, got {value!r}")
        if isinstance(item, float) and not math.isfinite(item):
            raise ValueError(f"'{name}' holds a number that is not finite: {value!r}")
