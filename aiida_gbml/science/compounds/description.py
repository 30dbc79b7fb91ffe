"""Descriptors of compounds by what a user says of them: the name of a preset, or the fields of a specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.descriptors.compounds import Compounds, DescriptorError
from aiida_gbml.science.compounds.descriptors.spec import Descriptors, DescriptorSpec
from aiida_gbml.science.structure_set import StructureSet


def plain_descriptors(values: Mapping[str, Any]) -> str | dict[str, Any]:
    """Return the name of a preset of ``{"preset": name}``, any other mapping as it is."""
    return str(values["preset"]) if set(values) == {"preset"} else dict(values)


def specification(value: str | Mapping[str, Any] | None, has_structures: bool) -> DescriptorSpec:
    """Return the descriptors of a name, ``{"preset": name}``, or the fields of a specification.

    :param value: none for ``structure`` where there are structures, else ``composition``.
    :raises DescriptorError: when it describes none.
    """
    if value is None:
        return DescriptorSpec.preset("structure" if has_structures else "composition")
    if not isinstance(value, str | Mapping):
        raise DescriptorError(f"descriptors are the name of a preset or blocks of their own, got {value!r}")
    plain = value if isinstance(value, str) else plain_descriptors(value)
    return DescriptorSpec.preset(plain) if isinstance(plain, str) else DescriptorSpec.from_dict(plain)


def describe(compounds: StructureSet | CompositionSet, value: str | Mapping[str, Any] | None) -> Descriptors:
    """Return the descriptors of n compounds.

    :param value: see :func:`specification`.
    :raises DescriptorError: when they cannot be computed, such as those of structures for compositions.
    """
    has_structures = isinstance(compounds, StructureSet)
    spec = specification(value, has_structures)
    if len(compounds) == 0:
        raise DescriptorError("there are no compounds to describe")
    if isinstance(compounds, StructureSet):
        return spec.describe(Compounds.of_structures(compounds))
    return spec.describe(Compounds.of_compositions(compounds.numbers, compounds.coefficients))
