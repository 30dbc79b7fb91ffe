"""What to do about a failed evaluation."""

_TRIED_AGAIN = (
    "the machine is to blame: look at the scheduler and the disk, then extend the search, which tries it again"
)
_REMEDIES = (
    ("overlap", "raise `min_distance_ratio` or the smallest gap of the search space"),
    ("atoms were lost", "the start was too strained: raise the smallest gap or `min_distance_ratio`"),
    ("lost", "the start was too strained: raise the smallest gap or `min_distance_ratio`"),
    ("damaged", _TRIED_AGAIN),
    ("wall", "give the engine more `max_wallclock_seconds`, or fewer structures a batch"),
    ("memory", "give the engine more memory or more processes"),
    ("electronic convergence", "use a lower `mixing_beta`, more smearing, or the stringent protocol"),
    ("ionic convergence", "allow more ionic steps, or loosen the force threshold"),
    ("not finite", "the potential breaks down at this distance: raise the smallest gap"),
    ("killed", _TRIED_AGAIN),
    ("truncated", "the disk may be full, or the job was killed: look at the retrieved files and extend the search"),
    ("not evaluated", "the job ended early: look at its report, then extend the search"),
)
_ELSE = "look at the report of the calculation; if the machine is to blame, extend the search, which tries it again"


def remedy(reason: str) -> str:
    """Return the advice for a reason of failure, matched by the words in it."""
    return next((advice for words, advice in _REMEDIES if words in reason.lower()), _ELSE)
