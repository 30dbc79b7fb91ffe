"""Inputs that say what is known, what the candidates are, and how the known compositions are divided to judge by."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.workflows.compounds import recommendation_validation as validation


def define_candidates(spec: ProcessSpec, known: str, split: str) -> None:
    """Declare the inputs ``known``, ``ions`` and ``space``, and a division.

    :param known: what the known compositions are for.
    :param split: name of the division.
    """
    spec.input("known", valid_type=CompositionSetData, validator=validation.validate_known, help=known)
    spec.input(
        "ions",
        valid_type=IonTableData,
        default=lambda: IonTableData(IonTable.default()),
        help="Elements and charges (in e, dimensionless) of which candidates are made.",
    )
    spec.input(
        "space",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"arity": 3}),
        validator=validation.validate_space,
        help="Which candidates: `arity` (2 to 5), `limits` of the coefficients (`cation`, `anion`) and `filters` "
        "(only, without, required, anions, columns).",
    )
    spec.input(
        split,
        valid_type=orm.Dict,
        required=False,
        validator=validation.validate_split,
        help="How `known` is divided: `kind` chronological with `cutoff`, or holdout with `fraction` and `seed`.",
    )
