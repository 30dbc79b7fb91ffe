"""Elemental properties: twenty-two numbers for each element, every column with its unit and its source.

The set is that of Seko, Hayashi, Nakayama, Takahashi & Tanaka, Phys. Rev. B 95, 144110 (2017). The values are facts,
collected in `elements.csv` beside this module; an empty cell is a gap of the source. Gaps are filled when the table is
loaded, by one rule: linear interpolation in the atomic number between the nearest known neighbours, and the median of
the column outside their range. :attr:`ElementTable.filled` says which cells are such guesses.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from aiida_gbml.science.archive import Array

_FILE = Path(__file__).with_name("elements.csv")

_MENDELEEV = "mendeleev 1.3.0"
_CRC = "Haynes (ed.), CRC Handbook of Chemistry and Physics, 95th ed. (2014)"
_ZUNGER = "Zunger, Phys. Rev. B 22, 5839 (1980), as tabulated with matminer 0.10.1"
_PYMATGEN = "pymatgen 2026.10.24"
_CRC_HEATS = f"{_CRC}, as tabulated with chemicals 1.5.2"
_HOLLEMAN_WIBERG = "Holleman & Wiberg, Lehrbuch der Anorganischen Chemie, 102nd ed. (2007)"


class ElementError(ValueError):
    """An element has no row in the table."""


@dataclass(frozen=True)
class Property:
    """One column of the table.

    :param name: name of the column.
    :param unit: unit of its values; empty for a pure number.
    :param source: where they come from.
    """

    name: str
    unit: str
    source: str


PROPERTIES = (
    Property("atomic_number", "", "definition"),
    Property("mass", "u", f"conventional atomic weights, Meija et al., Pure Appl. Chem. 88, 265 (2016), {_MENDELEEV}"),
    Property("period", "", "definition"),
    Property("group", "", "IUPAC; lanthanides and actinides are put into group 3"),
    Property("ionisation_energy_1", "eV", f"NIST Atomic Spectra Database, {_MENDELEEV}"),
    Property("ionisation_energy_2", "eV", f"NIST Atomic Spectra Database, {_MENDELEEV}"),
    Property(
        "electron_affinity",
        "eV",
        f"{_PYMATGEN}; of anions that are not bound an estimate, negative",
    ),
    Property(
        "electronegativity_pauling",
        "",
        f"{_CRC}, {_MENDELEEV}; its gaps, and Lu, which is far from the other lanthanides there: {_PYMATGEN}",
    ),
    Property(
        "electronegativity_allen", "eV", f"Mann et al., J. Am. Chem. Soc. 122, 2780 and 5132 (2000), {_MENDELEEV}"
    ),
    Property("van_der_waals_radius", "pm", f"{_CRC}, {_MENDELEEV}"),
    Property(
        "covalent_radius",
        "pm",
        f"Cordero et al., Dalton Trans. 2832 (2008), {_MENDELEEV}; of Mn, Fe and Co the mean of low and high spin",
    ),
    Property("atomic_radius", "pm", f"Slater, J. Chem. Phys. 41, 3199 (1964), {_MENDELEEV}"),
    Property("pseudopotential_radius_s", "bohr", _ZUNGER),
    Property("pseudopotential_radius_p", "bohr", _ZUNGER),
    Property(
        "melting_point",
        "K",
        f"{_CRC}, {_MENDELEEV}; white P, monoclinic S, grey Se, white Sn; C at its triple point",
    ),
    Property("boiling_point", "K", f"{_CRC}, {_MENDELEEV}; C and As sublime"),
    Property("density", "g/cm³", f"{_CRC} at 295 K, gases at 298 K, {_MENDELEEV}"),
    Property("molar_volume", "cm³/mol", f"{_PYMATGEN} (gases: the liquid or solid)"),
    Property(
        "fusion_heat",
        "kJ/mol",
        f"{_CRC_HEATS}; white P from {_MENDELEEV}; a mole of molecules of H, N, O, P and the halogens",
    ),
    Property(
        "vaporisation_heat",
        "kJ/mol",
        f"{_MENDELEEV}; K, of which the heat of fusion stands there, and gaps of C (sublimation) and Ru: "
        f"{_HOLLEMAN_WIBERG}; gaps of N and O: {_CRC_HEATS}; a mole of molecules of H, N, O, P and the halogens",
    ),
    Property("thermal_conductivity", "W/(m K)", f"{_PYMATGEN}, at 300 K"),
    Property("molar_heat_capacity", "J/(mol K)", f"{_CRC} at 298 K, {_MENDELEEV}"),
)
NAMES = tuple(one.name for one in PROPERTIES)


@dataclass(frozen=True)
class ElementTable:
    """Properties of the elements; the first axis is the atomic number, whose row 0 is never read.

    :param values: (Z + 1, p) values without a gap, in the units of :data:`PROPERTIES`.
    :param filled: (Z + 1, p) True where the source has a gap and the value is interpolated or a median.
    """

    values: Array
    filled: Array

    @property
    def heaviest(self) -> int:
        """Largest atomic number that has a row."""
        return len(self.values) - 1

    def of(self, numbers: Array, names: Sequence[str] = NAMES) -> Array:
        """Return the (..., p) properties of some elements.

        :param numbers: (...) atomic numbers.
        :param names: columns, in the order wanted.
        :raises ElementError: for an element or a property that the table does not have.
        """
        strange = np.setdiff1d(numbers, np.arange(1, self.heaviest + 1))
        if len(strange):
            raise ElementError(
                f"the element of atomic number {strange[0]} has no elemental properties, which reach from 1 to "
                f"{self.heaviest}; leave out the rows that hold it"
            )
        result: Array = self.values[:, columns_of(names)][np.asarray(numbers, dtype=np.int64)]
        return result


def columns_of(names: Sequence[str]) -> list[int]:
    """Return the positions of some properties in the table.

    :raises ElementError: for a name that is no property.
    """
    strange = [name for name in names if name not in NAMES]
    if strange:
        raise ElementError(f"'{strange[0]}' is no elemental property, choose from {', '.join(NAMES)}")
    return [NAMES.index(name) for name in names]


@lru_cache(maxsize=1)
def element_table() -> ElementTable:
    """Return the table, read once; its arrays cannot be written to."""
    with _FILE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    known = np.array([[float(row[name] or "nan") for name in NAMES] for row in rows])
    filled = np.isnan(known)
    values = np.column_stack([fill_gaps(known[:, 0], column) for column in known.T])
    nothing = np.zeros((1, len(NAMES)))
    table = ElementTable(np.vstack([nothing, values]), np.vstack([nothing.astype(bool), filled]))
    table.values.flags.writeable = table.filled.flags.writeable = False
    return table


def fill_gaps(numbers: Array, column: Array) -> Array:
    """Return the (n,) values with each gap interpolated in the atomic number, or the median outside the known range.

    :param numbers: (n,) rising atomic numbers.
    :param column: (n,) values, NaN where there is none.
    """
    gaps = np.isnan(column)
    median = float(np.median(column[~gaps]))
    result = column.copy()
    result[gaps] = np.interp(numbers[gaps], numbers[~gaps], column[~gaps], left=median, right=median)
    return np.asarray(result)


def valence_electrons(numbers: Array) -> Array:
    """Return the (..., 4) electrons in open or outermost s, p, d and f shells, filled in the order of Madelung's rule.

    The rule's few exceptions (Cr, Cu, ...) are not made: the counts place an element in its row and block.

    :param numbers: (...) atomic numbers.
    """
    rest = np.asarray(numbers, dtype=np.int64)
    counts = np.zeros((*rest.shape, 4))
    shells = sorted(
        ((n, momentum) for n in range(1, 9) for momentum in range(min(n, 4))), key=lambda s: (s[0] + s[1], s[0])
    )
    for _, momentum in shells:
        placed = np.clip(rest, 0, 4 * momentum + 2)
        if momentum == 0:  # a new row of the periodic table begins
            counts[placed > 0] = 0
        counts[..., momentum] = np.where(placed > 0, placed, counts[..., momentum])
        rest = rest - placed
    return counts
