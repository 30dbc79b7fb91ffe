"""Spectra as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aiida_gbml.science.spectra.dataset import SpectraTable
    from aiida_gbml.science.spectra.plots import Curve

PICTURES = ("sites", "treatments", "sum")
MOST_STRUCTURES = 12
"""Structures of which pictures are drawn, from the first."""

Drawn = Iterator[tuple[str, "Figure"]]
"""Pictures with the ends of their names."""


def draw_tables(
    tables: Sequence[SpectraTable], kinds: Sequence[str], stem: Path, formats: Sequence[str], measured: Path | None
) -> list[Path]:
    """Draw tables and return the paths.

    ``sites``: the sites of a structure over each other, with their average. ``treatments``: the averages of a structure
    under several treatments, a measured spectrum laid over. ``sum``: the averages of several structures.

    :param kinds: some of :data:`PICTURES`; empty for all that there is to see.
    :param stem: folder and beginning of the names.
    :param formats: png or svg.
    :raises ValueError: when there is nothing to draw.
    """
    from aiida_gbml.science.plot_style import save

    makers = {"sites": _sites, "treatments": _treatments, "sum": _sum}
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = []
    for table in tables:
        good = table.take(np.flatnonzero(~table.failed))
        for kind in kinds or PICTURES:
            for name, figure in makers[kind](good, measured):
                for file_format in formats:
                    paths.append(stem.with_name(f"{stem.name}_{table.key}_{name}.{file_format}"))
                    save(figure, paths[-1])
    if not paths:
        raise ValueError(f"there is nothing to draw as {' or '.join(kinds or PICTURES)}")
    return paths


def _structures(table: SpectraTable) -> list[tuple[str, SpectraTable]]:
    """Return the first structures with what a reader calls them, and their rows."""
    keys = np.full(len(table), "")
    for name in ("formula", "structure_label", "structure_uuid"):  # the last that a row has tells its structure
        given = table.columns.get(name, keys)
        keys = np.where(given == "", keys, given)
    found = []
    for key in list(dict.fromkeys(keys.tolist()))[:MOST_STRUCTURES]:
        own = table.take(keys == key)
        names = own.columns.get("structure_label", own.columns.get("formula", np.array([""])))
        found.append((str(names[0]), own))
    return found


def _sites(table: SpectraTable, _: Path | None) -> Drawn:
    """Yield the sites of each structure and treatment."""
    from aiida_gbml.science.spectra.plots import plot_sites

    for number, (label, own) in enumerate(_structures(table)):
        for treatment, rows in _computed_alike(own):
            curves = [_curve(rows, row, _site_name(rows, row)) for row in range(len(rows))]
            title = f"{_edge(table)} of {label}, {_words(treatment)}{_caveat(rows)}"
            yield f"{number}_sites_{treatment}", plot_sites(curves, title, rows.is_absolute)


def _treatments(table: SpectraTable, measured: Path | None) -> Drawn:
    """Yield the treatments of each structure that has several, or of all when there is a measured spectrum."""
    from aiida_gbml.science.spectra.comparison import best_shift
    from aiida_gbml.science.spectra.plots import plot_treatments

    overlay = None if measured is None else _measured(measured)
    for number, (label, own) in enumerate(_structures(table)):
        curves = _averages(own)
        if len(curves) < 2 and overlay is None:
            continue
        shift = 0.0
        if overlay is not None:
            nearest = curves[-1].known()
            shift = best_shift(nearest.energy, nearest.intensity, overlay.energy, overlay.intensity)
        title = f"{_edge(table)} of {label}{_caveat(own)}"
        named = [_renamed(curve, _words(curve.label)) for curve in curves]
        yield f"{number}_treatments", plot_treatments(named, overlay, shift, title, own.is_absolute)


def _sum(table: SpectraTable, _: Path | None) -> Drawn:
    """Yield the averages of all structures, one picture a treatment, when there are several structures."""
    from aiida_gbml.science.spectra.plots import plot_sites

    structures = _structures(table)
    if len(structures) < 2:
        return
    for treatment in dict.fromkeys(table.columns["treatment"].tolist()):
        curves = []
        for label, own in structures:
            rows = own.take(own.columns["treatment"] == treatment)
            curves += [_renamed(curve, label) for curve in _averages(rows)]
        title = f"{_edge(table)}, {_words(treatment)}{_caveat(table)}"
        yield f"sum_{treatment}", plot_sites(curves, title, table.is_absolute)


def _computed_alike(table: SpectraTable) -> Iterator[tuple[str, SpectraTable]]:
    """Yield the rows of one treatment and settings; where a treatment has several settings, it is numbered."""
    treatments = table.columns["treatment"]
    settings = table.columns.get("settings_md5", np.full(len(table), ""))
    for treatment in dict.fromkeys(treatments.tolist()):
        for number, key in enumerate(dict.fromkeys(settings[treatments == treatment].tolist()), start=1):
            rows = table.take((treatments == treatment) & (settings == key))
            yield treatment if number == 1 else f"{treatment}_{number}", rows


def _averages(table: SpectraTable) -> list[Curve]:
    """Return the average over all atoms for each treatment and settings, in the order of the rows."""
    from aiida_gbml.science.spectra.comparison import weighted_spectrum
    from aiida_gbml.science.spectra.plots import Curve

    curves = []
    for value, own in _computed_alike(table):
        known = [_curve(own, row, "").known() for row in range(len(own))]
        given = [curve.energy for curve in known], [curve.intensity for curve in known]
        energy, intensity = weighted_spectrum(*given, [curve.multiplicity for curve in known], table.step)
        curves.append(Curve(value, energy, intensity, sum(curve.multiplicity for curve in known)))
    return curves


def _curve(table: SpectraTable, row: int, label: str) -> Curve:
    from aiida_gbml.science.spectra.plots import Curve

    multiplicity = int(table.columns["multiplicity"][row]) if "multiplicity" in table.columns else 1
    return Curve(label, table.energy, table.intensity[row], multiplicity)


def _renamed(curve: Curve, label: str) -> Curve:
    from dataclasses import replace

    return replace(curve, label=label)


def _measured(path: Path) -> Curve:
    """Return a measured spectrum."""
    from aiida_gbml.science.spectra.formats import read_measured
    from aiida_gbml.science.spectra.plots import Curve

    spectrum = read_measured(path)
    return Curve(str(spectrum.metadata.get("title") or path.name), spectrum.energy, spectrum.intensity)


def _site_name(table: SpectraTable, row: int) -> str:
    """Return what a site is called: its element and index, and its distance from a boundary."""
    name = f"{table.element} {int(table.columns['site'][row])}"
    distance = table.columns.get("distance_from_boundary")
    return name if distance is None or np.isnan(distance[row]) else f"{name}, {distance[row]:.1f} Å"


def _caveat(table: SpectraTable) -> str:
    """Return what is to be said of an average in given directions, which equivalent atoms see differently."""
    return "" if table.is_of_all.all() else " (one atom for its equivalent ones)"


def _edge(table: SpectraTable) -> str:
    return f"{table.element} {'L2,3' if table.edge == 'L23' else table.edge}"


def _words(treatment: str) -> str:
    names = {"none": "ground state", "half": "half core hole", "full": "core hole", "excited": "excited"}
    name, _, number = treatment.partition("_")
    return names.get(name, name) + (f", settings {number}" if number else "")
