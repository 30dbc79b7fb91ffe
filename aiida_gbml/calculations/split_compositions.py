"""From a set of compositions to what a recommender may know and what it is asked to find."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.evaluation.splits import Split


@calcfunction
def split_compositions(compositions: CompositionSetData, split: orm.Dict) -> dict[str, CompositionSetData] | ExitCode:
    """Return the two parts of a set as outputs ``known`` and ``later``.

    :param compositions: to be divided.
    :param split: ``{"kind": "chronological", "cutoff": ...}`` with a number, a year or an ISO date: what was first seen
        at the cut-off or after it is later; or ``{"kind": "holdout", "fraction": 0.2, "seed": 0}``: a random part is.
    """
    try:
        known, later = Split.from_dict(split.get_dict()).parts(compositions.compositions)
    except ValueError as exception:
        return ExitCode(201, str(exception))
    return {"known": CompositionSetData(known), "later": CompositionSetData(later)}
