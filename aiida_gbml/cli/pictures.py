"""Pictures of a search, from its nodes to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.interfaces.plots import plot_convergence, plot_gamma_surface, plot_structure, save
from aiida_gbml.science.interfaces.strategies import Strategy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aiida_gbml.workflows.interfaces.view import SearchView


def draw(view: SearchView, kinds: Sequence[str], folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write pictures of a search and return their paths.

    :param kinds: 'convergence', 'gamma' or 'structure', each.
    :param formats: 'png' or 'svg', each.
    :raises ValueError: when the search has not got that far.
    """
    makers = {"convergence": _convergence, "gamma": _gamma, "structure": _structure}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in kinds:
        figure = makers[kind](view)
        for file_format in formats:
            paths.append(folder / f"search_{view.node.pk}_{kind}.{file_format}")
            save(figure, paths[-1])
    return paths


def _convergence(view: SearchView) -> Figure:
    strategy = Strategy.from_dict(view.node.inputs.strategy.get_dict())
    is_kriging = strategy.method == "kriging"
    return plot_convergence(
        view.observations.energies,
        n_initial=strategy.settings.n_initial if is_kriging else 0,
        expected_regrets=np.array(view.expected_regrets).reshape(-1, 2),
        tolerance=strategy.settings.regret_tolerance if is_kriging else None,
    )


def _gamma(view: SearchView) -> Figure:
    outputs = view.node.outputs
    if "gamma_surface" not in outputs:
        raise ValueError(
            f"search {view.node.pk} has no model of the energies over the translations: it is {view.state}"
        )
    known = view.observations
    return plot_gamma_surface(
        outputs.candidates.candidates,
        outputs.gamma_surface.get_array("mean"),
        outputs.gamma_surface.get_array("deviation"),
        evaluated=known.candidates[~known.failed].tolist(),
        best=None if known.best is None else int(known.candidates[known.best]),
    )


def _structure(view: SearchView) -> Figure:
    best = view.best_structure
    if best is None:
        raise ValueError(f"search {view.node.pk} has no structure to draw: it is {view.state}")
    atoms, heights = best
    return plot_structure(atoms, heights)
