"""From several sets of compositions to one."""

from __future__ import annotations

from functools import reduce

from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.composition_set import CompositionSet, CompositionSetError


@calcfunction
def join_compositions(**sets: CompositionSetData) -> dict[str, CompositionSetData] | ExitCode:
    """Return the compositions of several sets, in the order of the sets' names, as output ``joined``.

    A composition that is in several of them is kept once, as it was first seen.

    :param sets: at most 200 of them, with ages of one unit.
    """
    try:
        joined = reduce(CompositionSet.joined, (sets[name].compositions for name in sorted(sets)))
    except CompositionSetError as exception:
        return ExitCode(201, str(exception))
    return {"joined": CompositionSetData(joined)}
