"""When a search in rounds ends, and how much it does at a time: inputs that all searches have."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.workflows.validators import validate_fraction, validate_positive, validate_seed


def define_limits(spec: ProcessSpec, *, budget: str, batch_size: int) -> None:
    """Declare `budget`, `batch_size`, `max_failed_fraction` and `seed`.

    :param budget: what the budget counts, and what holds without it, in words.
    :param batch_size: default of the evaluations a round.
    """
    positive = {"valid_type": orm.Int, "validator": validate_positive}
    spec.input("budget", required=False, help=f"Most evaluations (a number){budget}", **positive)
    spec.input("batch_size", default=lambda: orm.Int(batch_size), help="Evaluations a round (a number).", **positive)
    spec.input(
        "max_failed_fraction",
        valid_type=orm.Float,
        default=lambda: orm.Float(0.5),
        validator=validate_fraction,
        help="Share of the evaluations that may fail before the search ends (dimensionless, 0 to 1).",
    )
    spec.input(
        "seed",
        valid_type=orm.Int,
        default=lambda: orm.Int(0),
        validator=validate_seed,
        help="Seed of every draw (dimensionless, from 0).",
    )
