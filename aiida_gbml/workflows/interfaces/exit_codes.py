"""How a search for a grain boundary can end."""

from aiida.engine import ProcessSpec

_EXPLAIN = "attached, and `aiida-gbml explain` lists the reasons with their remedies."

_CODES = (
    (201, "ERROR_INVALID_BULK", "The bulk structure cannot be used: {reason}"),
    (202, "ERROR_INVALID_SPACE", "The search space cannot be used: {reason}"),
    (410, "ERROR_BULK_FAILED", "The engine {engine} gave no energy of the perfect crystal: {reason}"),
    (411, "ERROR_PROPOSAL_FAILED", "The next candidates could not be proposed (process {pk}): {reason}"),
    (
        420,
        "ERROR_TOO_MANY_FAILED",
        "{n_failed} of {n_evaluated} evaluations failed, more than `max_failed_fraction` allows, {n_machine_faults} of "
        "them through the machine; what was found is " + _EXPLAIN,
    ),
    (
        421,
        "ERROR_NOTHING_FOUND",
        "None of the {n_evaluated} evaluations succeeded: their observations are " + _EXPLAIN,
    ),
    (501, "WARNING_NOT_VERIFIED", "The search is complete, but its verification gave no energy: {reason}"),
    (
        502,
        "WARNING_BELOW_BULK",
        "The most stable structure lies below the crystal ({energy} J/m²): converge k-points and cutoffs.",
    ),
    (
        503,
        "WARNING_NOT_RELAXED",
        "The most stable structure ran out of steps, its energy is an upper bound: allow the engine more steps.",
    ),
)


def define(spec: ProcessSpec) -> None:
    """Declare the exit codes of a search."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)
