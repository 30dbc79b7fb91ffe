"""Whether what is called likely comes true as often as it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.compounds.evaluation.reliability import Reliability
from aiida_gbml.science.plot_style import BLUE, GREEN, GREY, ORANGE, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (VERMILION, "D"))
_WIDTH = 4.2
_SHIFT = 0.03  # of models beside each other, in decades: their bars would cover each other

MOST_MODELS = len(_LOOKS)
"""Models that can be told apart in one picture."""


def plot_reliability(reliabilities: Mapping[str, Reliability], title: str = "", unseen: str = "came later") -> Figure:
    """Draw the part of candidates that were to be found over the probability that models gave, and their numbers.

    Bars are intervals of 95 % (Wilson). Where there was none to be found, a triangle stands at the upper end.

    :param reliabilities: by name of the model.
    :param unseen: what is true of those that were to be found: they came later, or were held out.
    :raises ValueError: when there is nothing to draw, or too much.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    if not 0 < len(reliabilities) <= MOST_MODELS:
        raise ValueError(f"from 1 to {MOST_MODELS} models can be drawn, got {len(reliabilities)}")
    values = [part for one in reliabilities.values() for part in (one.predicted, one.observed[one.observed > 0])]
    positive = np.concatenate([part[part > 0] for part in values])
    low = 10 ** np.floor(np.log10(max(positive.min(initial=1.0), 1e-6)))
    with rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH, 4.6), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        upper.plot([low, 1], [low, 1], color=GREY, lw=1, ls="-.", label="perfectly calibrated")
        for number, ((name, one), (colour, marker)) in enumerate(zip(reliabilities.items(), _LOOKS, strict=False)):
            place = np.maximum(one.predicted, low) * 10 ** (_SHIFT * (number - (len(reliabilities) - 1) / 2))
            came = one.observed > 0
            errors = np.abs(np.array([one.lower, one.upper]) - one.observed)[:, came]
            style = {"color": colour, "marker": marker, "ls": "none", "ms": 4}
            upper.errorbar(place[came], one.observed[came], errors, lw=1, label=name, **style)
            upper.plot(place[~came], one.upper[~came], color=colour, marker="v", ls="none", ms=5, mfc="none")
            lower.plot(place, one.counts, **style)
        for axes in (upper, lower):
            axes.set_xscale("log")
            axes.set_yscale("log")
        upper.set_ylim(low / 3, 1.3)
        upper.set_ylabel(f"part that {unseen}")
        lower.set_ylabel("candidates")
        lower.set_xlabel("probability that the model gives")
        counts = np.log10(np.concatenate([one.counts for one in reliabilities.values()]))
        lower.set_ylim(10 ** np.floor(counts.min() - 0.1), 10 ** np.ceil(counts.max() + 0.1))
        lower.yaxis.set_minor_formatter(NullFormatter())
        if any((one.observed == 0).any() for one in reliabilities.values()):
            upper.plot([], [], color=GREY, marker="v", ls="none", ms=5, mfc="none", label="none: upper end of interval")
        upper.set_title(title, loc="left")
        figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
