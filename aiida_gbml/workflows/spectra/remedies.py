"""What to do about a spectrum that failed."""

_REMEDIES = (
    ("overlap", "mend the structure: two of its atoms lie on top of each other"),
    ("valence electrons", "give the structure another charge, or choose `electronic_type` metal"),
    ("no gap", "choose `electronic_type` metal"),
    ("kinds", "give the structure fewer kinds: `pw.x` takes ten"),
    ("vacuum", "give the structure about 15 Å of vacuum where it is not periodic"),
    ("more than 10000 atoms", "ask for a shorter `min_distance`"),
    ("electronic convergence", "use a lower `mixing_beta`, more `electron_maxstep`, or check the structure"),
    ("did not converge", "use a lower `mixing_beta`, more `electron_maxstep`, or check the structure"),
    ("memory", "give the jobs more memory or more processes"),
    ("wall", "give the jobs more `max_wallclock_seconds`"),
    ("interrupted", "look at the machine, then extend the dataset"),
    ("was killed", "extend the dataset, which computes what is missing"),
    ("symmetry", "mend the structure, or move its atoms onto their symmetric places"),
)
_ELSE = "look at the report of the calculation, then extend the dataset, which tries failed rows again"


def remedy(reason: str) -> str:
    """Return the advice for a reason of failure, matched by the words in it."""
    return next((advice for words, advice in _REMEDIES if words in reason.lower()), _ELSE)
