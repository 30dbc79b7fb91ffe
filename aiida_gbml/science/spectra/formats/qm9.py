"""The HDF5 layout of the database of carbon K edges of QM9 molecules, and its published post-processing.

``/<molecule>/<site>/`` holds ``eigenvalues`` ((b,) eV) and ``dsf`` ((b, 3) squared matrix elements along x, y, z) with
the attributes :data:`ATTRIBUTES`. Source: Shibata, Kikumasa, Kiyohara & Mizoguchi, Sci. Data 9, 214 (2022).

A continued fraction, which is how ``xspectra.x`` computes, has no such lines. Spectra without lines are written into
the group ``site_spectra`` beside the molecules, each with ``energies`` (eV, without the excitation energy) and
``spectrum`` ((m, 1): the mean over the directions), as in the files of broadened spectra of the same authors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.formats.foreign_hdf5 import read_foreign
from aiida_gbml.science.spectra.formats.spectrum import FormatError
from aiida_gbml.science.spectra.table import SpectraTable

ATTRIBUTES = ("n_electron", "multiplicity", "excitation_energy", "final_energy_gs", "final_energy_ex")
GROUP_OF_SPECTRA = "site_spectra"
STANDARD_DEVIATION = 0.3
SPIN = 2.0

_NOTE = "broadened spectra of continued fractions: the program that made them gives no eigenvalues and matrix elements"


@dataclass(frozen=True)
class SiteLines:
    """The lines of one core-excited site.

    :param molecule: its name in the database.
    :param site: index of the atom.
    :param eigenvalues: (b,) eV, of the excited system, rising.
    :param dsf: (b, 3) squared matrix elements along x, y, z.
    :param n_electron: number of electrons of the excited system.
    :param multiplicity: number of equivalent atoms.
    :param excitation_energy: eV, of the first transition.
    :param final_energy_gs: eV, total energy of the ground state.
    :param final_energy_ex: eV, total energy of the excited state.
    :raises FormatError: when the arrays do not fit each other, or the highest occupied level is missing.
    """

    molecule: str
    site: str
    eigenvalues: Array
    dsf: Array
    n_electron: int
    multiplicity: float
    excitation_energy: float
    final_energy_gs: float = float("nan")
    final_energy_ex: float = float("nan")

    def __post_init__(self) -> None:
        if self.eigenvalues.ndim != 1 or self.dsf.shape != (len(self.eigenvalues), 3):
            raise FormatError(f"{self.molecule}/{self.site}: dsf {self.dsf.shape} of {self.eigenvalues.shape} levels")
        if not 1 <= self.n_electron <= 2 * len(self.eigenvalues):
            raise FormatError(f"{self.molecule}/{self.site}: {self.n_electron} electrons do not fit its levels")
        if not (np.all(np.isfinite(self.eigenvalues)) and np.all(np.isfinite(self.dsf)) and self.multiplicity > 0):
            raise FormatError(f"{self.molecule}/{self.site}: levels, dsf and multiplicity must be finite, not 0")

    @property
    def lines(self) -> tuple[Array, Array]:
        """(k,) absolute energies in eV and (k, 3) strengths of the final states, from the first empty one on.

        The extra electron sits on the highest occupied level of the excited system, which is the first final state.
        """
        level = self.eigenvalues[(self.n_electron - 1) // 2]
        final = self.eigenvalues >= level
        return self.eigenvalues[final] - level + self.excitation_energy, self.dsf[final]


def molecule_lines(sites: Iterable[SiteLines]) -> tuple[Array, Array]:
    """Return the (k,) energies in eV and (k, 3) strengths of a molecule: the mean over its atoms, sorted by energy."""
    own = list(sites)
    total = sum(site.multiplicity for site in own)
    if not own:
        raise FormatError("a molecule without sites has no lines")
    energies = np.concatenate([site.lines[0] for site in own])
    strengths = np.concatenate([site.lines[1] * site.multiplicity for site in own]) / total
    order = np.argsort(energies, kind="stable")
    return energies[order], strengths[order]


def broadened(lines: tuple[Array, Array], grid: Array, deviation: float = STANDARD_DEVIATION) -> Array:
    """Return the (m, 4) spectra of some lines: the mean over the directions, x, y and z, both spins counted.

    :param lines: (k,) energies in eV and (k, 3) strengths.
    :param grid: (m,) eV.
    :param deviation: standard deviation of the Gaussian in eV.
    """
    energies, strengths = lines
    spectra = np.zeros((len(grid), 3))
    for energy, strength in zip(energies, strengths, strict=True):
        shape = np.exp(-(((grid - energy) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))
        spectra += SPIN * np.outer(shape, strength)
    return np.column_stack([spectra.mean(axis=1), spectra])


def sampling(energies: Array, margin: float = 3.0, step: float = 0.1) -> Array:
    """Return the (m,) grid of the published command line: whole eV below and above the lines, both with a margin."""
    return np.arange(np.floor(energies.min() - margin), np.ceil(energies.max() + margin), step)


def write_qm9(path: Path, sites: Iterable[SiteLines] = (), tables: Iterable[SpectraTable] = ()) -> None:
    """Write lines where there are lines, and other spectra into the group ``site_spectra``.

    :param sites: with lines.
    :param tables: spectra without lines; a row needs the columns ``site`` and ``structure_uuid`` or
        ``structure_label``, and goes without ``transition_energy`` only if its energies are to stay absolute.
    :raises FormatError: when two sites of a molecule have one name.
    """
    import h5py

    with h5py.File(path, "w", libver="latest", track_order=False) as file:
        for one in sites:
            group = _new_group(file, one.molecule, one.site)
            group.create_dataset("eigenvalues", data=one.eigenvalues)
            group.create_dataset("dsf", data=one.dsf)
            group.attrs.update({name: getattr(one, name) for name in ATTRIBUTES})
        rows = [(table, row) for table in tables for row in range(len(table)) if not table.failed[row]]
        if rows:
            file.create_group(GROUP_OF_SPECTRA).attrs["note"] = _NOTE
        for table, row in rows:
            _write_spectrum(file[GROUP_OF_SPECTRA], table, row)


def read_qm9(path: Path) -> list[SiteLines]:
    """Return the sites with lines of a file, in its order.

    :raises FormatError: when it has none, is damaged or hostile.
    """
    arrays = read_foreign(path, "qm9")
    ends = np.cumsum(arrays["lengths"])
    levels, factors = (np.split(arrays[name], ends[:-1]) for name in ("eigenvalues", "dsf"))
    values = zip(*(arrays[name].tolist() for name in ("molecule", "site", *ATTRIBUTES)), strict=True)
    return [
        SiteLines(molecule, site, level, factor, int(n_electron), *others)
        for (molecule, site, n_electron, *others), level, factor in zip(values, levels, factors, strict=True)
    ]


def _write_spectrum(parent: Any, table: SpectraTable, row: int) -> None:
    told = {name: column[row].item() for name, column in table.columns.items()}
    molecule = str(told.get("structure_label") or told.get("structure_uuid") or "")
    excitation = told.get("transition_energy", np.nan)
    excitation = excitation if np.isfinite(excitation) and table.take([row]).is_absolute else 0.0
    known = np.isfinite(table.intensity[row])
    group = _new_group(parent, molecule, _site_name(table, told))
    group.create_dataset("energies", data=table.energy[known] - excitation)
    group.create_dataset("spectrum", data=table.intensity[row][known][:, None])
    group.attrs.update({"multiplicity": told.get("multiplicity", 1), "excitation_energy": excitation})
    group.attrs.update({name: value for name, value in told.items() if name not in group.attrs})
    group.attrs.update({"element": table.element, "edge": table.edge})


def _site_name(table: SpectraTable, told: dict[str, Any]) -> str:
    """Return the index of the atom, as in the database, with the treatment where a table has several."""
    treatments = table.columns.get("treatment", np.full(len(table), ""))
    several = len(set(treatments[~table.failed].tolist())) > 1
    return f"{told.get('site', 0)}_{told['treatment']}" if several else str(told.get("site", 0))


def _new_group(parent: Any, *names: str) -> Any:
    if any(not name or "/" in name or name == "." for name in names):
        raise FormatError(f"a molecule and its site need names without '/', got {names}")
    if "/".join(names) in parent:
        raise FormatError(f"'{'/'.join(names)}' is there twice; write one edge and treatment into a file")
    return parent.create_group("/".join(names))
