"""What LAMMPS is told about an interatomic potential, checked word by word before it reaches an input file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import combinations_with_replacement
from math import isfinite
from typing import Any

from ase.data import chemical_symbols

SETFL_STYLES = ("eam/alloy", "eam/fs", "adp")
FILE_STYLES = (*SETFL_STYLES, "sw", "tersoff")
ELEMENT_STYLES = ("eam",)
"""Styles with a file for each element, whose alloys LAMMPS mixes, such as the universal functions of Foiles et al."""
SHORT_RANGE_STYLES = ("born", "buck", "lj/cut", "morse")
COULOMB_STYLES = ("born/coul/long", "buck/coul/long", "lj/cut/coul/long")
PAIR_STYLES = FILE_STYLES + ELEMENT_STYLES + SHORT_RANGE_STYLES + COULOMB_STYLES
KSPACE_STYLES = ("ewald", "pppm")

# The endings of a run's own files are not free.
_FILE_NAME = re.compile(r"(?!.*\.(data|lammps|out)$)[A-Za-z0-9][A-Za-z0-9_.+-]*")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ANY = "*"


class LammpsPotentialError(ValueError):
    """The settings describe no potential that can be given to LAMMPS."""


@dataclass(frozen=True)
class LammpsPotential:
    """A pair potential or embedded-atom potential in LAMMPS' own words, with element symbols in place of atom types.

    >>> LammpsPotential("eam/alloy", ("* * Cu_mishin1.eam.alloy",))
    >>> LammpsPotential(
    ...     "buck/coul/long 10.0",
    ...     ("Mg O 821.6 0.3242 0.0", "O O 22764.0 0.149 27.88", "Mg Mg 0.0 1.0 0.0"),
    ...     charges={"Mg": 2.0, "O": -2.0},
    ... )

    :param pair_style: one of :data:`PAIR_STYLES`, followed by its numbers (cutoffs in Å).
    :param pair_coeff: for a style with a file ``* * FILE``, for ``eam`` a line ``A A FILE`` for each element, else
        ``A B numbers`` for each pair of elements, in LAMMPS' metal units (eV, Å).
    :param charges: element symbols to charges in e; needed by the Coulomb styles only.
    :param kspace_style: one of :data:`KSPACE_STYLES` and the relative accuracy of its forces; Coulomb styles only.
    :raises LammpsPotentialError: for a style, word or file name outside the allow-list.
    """

    pair_style: str
    pair_coeff: tuple[str, ...]
    charges: Mapping[str, float] = field(default_factory=dict)
    kspace_style: str = "ewald 1e-6"

    def __post_init__(self) -> None:
        _check_style(self.pair_style, PAIR_STYLES, "pair style")
        _check_style(self.kspace_style, KSPACE_STYLES, "kspace style")
        if not self.pair_coeff:
            raise LammpsPotentialError("a potential needs at least one line of pair coefficients")
        for line in self.pair_coeff:
            if self.style in ELEMENT_STYLES:
                _check_element_file(line)
            else:
                _check_coefficients(line, has_file=self.style in FILE_STYLES)
        for element, charge in self.charges.items():
            if element not in chemical_symbols[1:] or not isinstance(charge, int | float) or not isfinite(charge):
                raise LammpsPotentialError(f"{element!r}: {charge!r} is no charge of an element")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> LammpsPotential:
        """Return the potential of a JSON-like mapping with the names of the fields as keys.

        :raises LammpsPotentialError: for an unknown or missing key, or a value outside the allow-list.
        """
        known = [one.name for one in fields(cls)]
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise LammpsPotentialError(f"unknown potential setting {unknown[0]!r}, expected {', '.join(known)}")
        try:
            return cls(**{**settings, "pair_coeff": tuple(settings["pair_coeff"])})
        except (KeyError, TypeError, AttributeError) as exception:
            raise LammpsPotentialError(
                "a potential needs 'pair_style' (a text) and 'pair_coeff' (a list of texts)"
            ) from exception

    @classmethod
    def from_file_name(cls, name: str) -> LammpsPotential:
        """Return the potential that a file holds, by the suffix that LAMMPS' own collection uses.

        :raises LammpsPotentialError: when the suffix is not known.
        """
        for style in FILE_STYLES:
            if name.endswith(f".{style.replace('/', '.')}"):
                return cls(style, (f"* * {name}",))
        suffixes = ", ".join(f".{style.replace('/', '.')}" for style in FILE_STYLES)
        raise LammpsPotentialError(f"cannot tell the potential from the file name {name!r}, known suffixes: {suffixes}")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-like mapping that :meth:`from_dict` reads."""
        return {
            "pair_style": self.pair_style,
            "pair_coeff": list(self.pair_coeff),
            "charges": dict(self.charges),
            "kspace_style": self.kspace_style,
        }

    @property
    def style(self) -> str:
        """The name of the pair style, without its numbers."""
        return self.pair_style.split()[0]

    @property
    def has_charges(self) -> bool:
        """Whether atoms carry charges and the Coulomb sum is taken in reciprocal space."""
        return self.style in COULOMB_STYLES

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the potential files that LAMMPS reads."""
        has_files = self.style in FILE_STYLES + ELEMENT_STYLES
        return tuple(line.split()[2] for line in self.pair_coeff) if has_files else ()

    def check_elements(self, elements: Sequence[str]) -> None:
        """Raise unless every charge and pair of some elements is given; what files hold is not looked at.

        :raises LammpsPotentialError: naming the element or the pair.
        """
        uncharged = [one for one in elements if self.has_charges and one not in self.charges]
        if uncharged:
            raise LammpsPotentialError(f"the potential gives no charge for {uncharged[0]}")
        given = {frozenset(line.split()[:2]) for line in self.pair_coeff}
        for pair in combinations_with_replacement(elements, 2):
            mixed = self.style in ELEMENT_STYLES and len(set(pair)) > 1
            if not mixed and not given & {frozenset(pair), frozenset(_ANY)}:
                raise LammpsPotentialError(f"the potential gives no pair coefficients for {'-'.join(pair)}")

    def kspace_commands(self) -> list[str]:
        """Return the line of the Coulomb sum, none without charges."""
        return [" ".join(["kspace_style", *self.kspace_style.split()])] if self.has_charges else []

    def commands(self, elements: Sequence[str]) -> list[str]:
        """Return the ``pair_style`` and ``pair_coeff`` lines for the atom types 1, 2, ... of some elements."""
        lines = [" ".join(["pair_style", *self.pair_style.split()])]
        for line in self.pair_coeff:
            first, second, *rest = line.split()
            if self.style in FILE_STYLES:
                lines.append(f"pair_coeff * * {rest[0]} {' '.join(elements)}")
            elif first == _ANY:
                lines.append(f"pair_coeff * * {' '.join(rest)}")
            elif {first, second} <= set(elements):
                low, high = sorted((elements.index(first) + 1, elements.index(second) + 1))
                lines.append(f"pair_coeff {low} {high} {' '.join(rest)}")
        return lines


def setfl_elements(text: str) -> tuple[str, ...]:
    """Return the elements of an ``eam/alloy``, ``eam/fs`` or ``adp`` file: the words after the count in its 4th line.

    :raises LammpsPotentialError: when the text has no such line.
    """
    lines = text.splitlines()
    words = lines[3].split() if len(lines) > 3 else []
    if len(words) < 2 or words[0] != str(len(words) - 1):
        raise LammpsPotentialError("the potential file has no line 4 with the number and names of its elements")
    return tuple(words[1:])


def _check_style(command: str, allowed: Sequence[str], name: str) -> None:
    """Raise unless a command is one of the allowed styles followed by numbers."""
    style, *numbers = command.split() or [""]
    if style not in allowed:
        raise LammpsPotentialError(f"{name} {style!r} is not supported, expected one of {', '.join(allowed)}")
    _check_numbers(numbers, command)


def _check_coefficients(line: str, has_file: bool) -> None:
    """Raise unless a template of coefficients is ``* * FILE`` or a pair of elements followed by numbers."""
    first, second, *rest = [*line.split(), "", ""] if len(line.split()) < 2 else line.split()
    if has_file:
        if (first, second) != (_ANY, _ANY) or len(rest) != 1 or not _FILE_NAME.fullmatch(rest[0]):
            raise LammpsPotentialError(
                f"pair coefficients {line!r} must read '* * FILE' with a plain file name (letters, digits, "
                "'_.+-', not ending in .data, .lammps or .out)"
            )
        return
    if (first, second) != (_ANY, _ANY) and not {first, second} <= set(chemical_symbols[1:]):
        raise LammpsPotentialError(f"pair coefficients {line!r} must start with two element symbols or '* *'")
    _check_numbers(rest, line)


def _check_element_file(line: str) -> None:
    """Raise unless a template of coefficients is an element, the same again, and the file of its functions."""
    words = line.split()
    if len(words) != 3 or words[0] != words[1] or words[0] not in chemical_symbols[1:]:
        raise LammpsPotentialError(f"pair coefficients {line!r} must read 'A A FILE' with an element symbol, twice")
    if not _FILE_NAME.fullmatch(words[2]):
        raise LammpsPotentialError(
            f"pair coefficients {line!r} must end in a plain file name (letters, digits, '_.+-')"
        )


def _check_numbers(words: Sequence[str], line: str) -> None:
    """Raise unless every word is a decimal number."""
    wrong = [word for word in words if not _NUMBER.fullmatch(word)]
    if wrong:
        raise LammpsPotentialError(f"{wrong[0]!r} in {line!r} is no number")
