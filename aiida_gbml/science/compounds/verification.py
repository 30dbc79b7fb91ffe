"""Recommended compositions put to the test: which are computed, what is expected of them, and which are stable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS, Composition, parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.enrichment import wilson
from aiida_gbml.science.compounds.prototypes import Match, composition_of, find_matches, substitute
from aiida_gbml.science.compounds.stability import Phases
from aiida_gbml.science.structure_set import FAILED, OK, StructureSet

MOST_LISTED = 20
"""Formulas that a summary lists."""

STABLE, UNSTABLE, NOT_JUDGED, NOT_COMPUTED = "stable", "unstable", "not judged", "failed"


class VerificationError(ValueError):
    """Settings, prototypes or energies with which nothing can be verified."""


@dataclass(frozen=True)
class VerificationSettings:
    """Which compositions are computed, and when one counts as stable.

    :param n_compositions: how many of the best ranked ones that have a prototype.
    :param n_prototypes: how many prototypes of each, the nearest first.
    :param elements: if given, only compositions of these elements, such as those of a potential.
    :param tolerance: largest energy above the competing phases of a stable compound in eV/atom.
    :raises VerificationError: for values out of range.
    """

    n_compositions: int = 10
    n_prototypes: int = 3
    elements: tuple[str, ...] | None = None
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        for name in ("n_compositions", "n_prototypes"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise VerificationError(f"'{name}' of the verification must be a whole number from 1, got {value!r}")
        if isinstance(self.tolerance, bool) or not isinstance(self.tolerance, int | float) or not self.tolerance >= 0:
            raise VerificationError(
                f"'tolerance' of the verification must be 0 eV/atom or more, got {self.tolerance!r}"
            )
        unknown = [symbol for symbol in self.elements or () if symbol not in SYMBOLS[1:]]
        if unknown:
            raise VerificationError(f"'elements' of the verification names {unknown[0]!r}, which is no element")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> VerificationSettings:
        """Return the settings of plain values.

        :raises VerificationError: for an unknown name or an impossible value.
        """
        known = [one.name for one in fields(cls)]
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise VerificationError(f"the verification has no setting '{unknown[0]}', known are {', '.join(known)}")
        given = dict(settings)
        if given.get("elements") is not None:
            if not isinstance(given["elements"], list | tuple):
                raise VerificationError(
                    f"'elements' of the verification must be a list of elements, got {given['elements']!r}"
                )
            given["elements"] = tuple(given["elements"])
        return cls(**given)


def select_compositions(
    ranked: Sequence[Composition], probability: Array, prototypes: StructureSet, settings: VerificationSettings
) -> tuple[StructureSet, dict[str, Any]]:
    """Return the structures to compute, and what is expected of them before anything is computed.

    Columns of the structures: ``formula``, ``place`` (in the ranking, from 1), ``prototype`` (formula), ``distance``
    (of the swap, in Mendeleev numbers).

    :param ranked: the best compositions, the best first.
    :param probability: (n,) that each is among the next reported, NaN where the model says nothing.
    :param prototypes: known crystals.
    :raises VerificationError: when no composition has a prototype.
    """
    known = [composition_of(atoms) for atoms in prototypes]
    wanted = None if settings.elements is None else set(settings.elements)
    chosen: list[tuple[int, list[Match]]] = []
    without: list[str] = []
    for place, composition in enumerate(ranked):
        if len(chosen) == settings.n_compositions:
            break
        if wanted is not None and not wanted.issuperset(composition.elements):
            continue
        matches = find_matches(composition, known)[: settings.n_prototypes]
        if matches:
            chosen.append((place, matches))
        else:
            without.append(composition.formula)
    if not chosen:
        within = "" if wanted is None else f" of {', '.join(sorted(wanted))}"
        raise VerificationError(
            f"none of the {len(ranked)} ranked compositions{within} has the ratio of one of the {len(known)} "
            "prototypes: give more prototypes, or rank other compositions"
        )
    rows = [(place, match) for place, matches in chosen for match in matches]
    structures = StructureSet.from_ase(
        [substitute(prototypes.to_ase(match.row), match) for _, match in rows],
        formula=[ranked[place].formula for place, _ in rows],
        place=[place + 1 for place, _ in rows],
        prototype=[known[match.row].formula for _, match in rows],
        distance=[match.distance for _, match in rows],
    )
    chances = probability[[place for place, _ in chosen]]
    expected = float(chances.mean()) if np.all(np.isfinite(chances)) else None
    return structures, {
        "n_compositions": len(chosen),
        "n_structures": len(structures),
        "n_without_prototype": len(without),
        "without_prototype": without[:MOST_LISTED],
        "formulas": [ranked[place].formula for place, _ in chosen][:MOST_LISTED],
        "expected_hit_rate": expected,
        "tolerance": settings.tolerance,
    }


def relevant_phases(competing: StructureSet, formulas: Sequence[str]) -> StructureSet:
    """Return the phases that can be part of a mixture with one of some overall compositions, with their formulas.

    :raises VerificationError: when there is none.
    """
    systems = {frozenset(parse_formula(formula).numbers) for formula in formulas}
    compositions = [composition_of(atoms) for atoms in competing]
    rows = [
        row
        for row, composition in enumerate(compositions)
        if any(system.issuperset(composition.numbers) for system in systems)
    ]
    if not rows:
        raise VerificationError(
            f"none of the {len(competing)} competing phases is made of elements of {formulas[0]} or of another "
            "composition that is verified: give the known compounds of these elements"
        )
    chosen = competing.take(rows)
    return StructureSet.from_ase(list(chosen), formula=[compositions[row].formula for row in rows])


def judge_compositions(
    evaluated: StructureSet, competing: StructureSet, tolerance: float
) -> tuple[StructureSet, dict[str, Any], CompositionSet]:
    """Return the judged structures, a summary, and the stable compositions.

    The prototype of lowest energy stands for its composition. Added columns: ``energy_per_atom``, ``formation_energy``
    and ``energy_above_hull`` (eV/atom; the latter negative below the competing phases, NaN where there is none),
    ``energy_above_all`` (the same with the other candidates among the phases), ``decomposition`` (text), ``is_best``
    and ``verdict``.

    :param evaluated: structures of :func:`select_compositions` with ``energy`` and ``status``.
    :param competing: structures of :func:`relevant_phases` with ``energy`` and ``status``.
    :param tolerance: eV/atom.
    """
    known = _phases(competing, competing.rows(OK))
    best = _best_rows(evaluated)
    computed = np.array([row for row in best.values() if row is not None], dtype=int)
    everything = _joined(known, _phases(evaluated, computed))
    columns: dict[str, list[Any]] = {name: [] for name in _JUDGED}
    for row in range(len(evaluated)):
        judged = _judge(evaluated, row, known, everything, tolerance)
        judged["is_best"] = best[str(evaluated.columns["formula"][row])] == row
        for name, values in columns.items():
            values.append(judged[name])
    result = evaluated.with_columns(**columns)
    return result, _summary(result, best, competing, tolerance), _stable(result)


_JUDGED = (
    "energy_per_atom",
    "formation_energy",
    "energy_above_hull",
    "energy_above_all",
    "decomposition",
    "verdict",
    "is_best",
)


def _judge(evaluated: StructureSet, row: int, known: Phases, everything: Phases, tolerance: float) -> dict[str, Any]:
    """Return the columns of one row."""
    judged: dict[str, Any] = dict.fromkeys(_JUDGED[:4], np.nan) | {"decomposition": "", "verdict": NOT_COMPUTED}
    if evaluated.columns["status"][row] != OK:
        return judged
    composition = parse_formula(str(evaluated.columns["formula"][row]))
    energy = float(evaluated.columns["energy"][row] / evaluated.sizes[row])
    judged |= {"energy_per_atom": energy, "formation_energy": known.formation_energy(composition, energy)}
    mixture = known.mixture(composition)
    if mixture is None:
        return judged | {"verdict": NOT_JUDGED}
    own = [index for index, other in enumerate(everything.compositions) if other == composition]
    others = everything.mixture(composition, without=[index for index in own if index >= len(known.compositions)])
    above = energy - mixture.energy
    return judged | {
        "energy_above_hull": above,
        "energy_above_all": above if others is None else energy - others.energy,
        "decomposition": known.text(mixture),
        "verdict": STABLE if above <= tolerance else UNSTABLE,
    }


def _best_rows(evaluated: StructureSet) -> dict[str, int | None]:
    """Return the row of lowest energy of each formula, none where all have failed."""
    energies = np.where(evaluated.columns["status"] == OK, evaluated.columns["energy"] / evaluated.sizes, np.inf)
    best: dict[str, int | None] = {}
    for row, formula in enumerate(evaluated.columns["formula"].tolist()):
        held = best.setdefault(formula, None)
        if np.isfinite(energies[row]) and (held is None or energies[row] < energies[held]):
            best[formula] = row
    return best


def _phases(structures: StructureSet, rows: Array) -> Phases:
    formulas = structures.columns["formula"][rows].tolist()
    energies = structures.columns["energy"][rows] / structures.sizes[rows]
    return Phases([parse_formula(formula) for formula in formulas], energies)


def _joined(first: Phases, second: Phases) -> Phases:
    return Phases([*first.compositions, *second.compositions], np.concatenate([first.energies, second.energies]))


def _summary(
    judged: StructureSet, best: Mapping[str, int | None], competing: StructureSet, tolerance: float
) -> dict[str, Any]:
    """Return the counts and the hit rate with its Wilson interval of 95 %."""
    verdicts = [NOT_COMPUTED if row is None else str(judged.columns["verdict"][row]) for row in best.values()]
    n_stable = verdicts.count(STABLE)
    n_judged = n_stable + verdicts.count(UNSTABLE)
    failed = competing.rows(FAILED)
    unconverged = np.flatnonzero(~competing.columns.get("converged", np.ones(len(competing), dtype=bool)))
    return {
        "n_compositions": len(best),
        "n_judged": n_judged,
        "n_stable": n_stable,
        "n_failed": verdicts.count(NOT_COMPUTED),
        "n_not_judged": verdicts.count(NOT_JUDGED),
        "n_competing": len(competing),
        "n_competing_failed": len({*failed.tolist(), *unconverged.tolist()}),
        "hit_rate": n_stable / n_judged if n_judged else None,
        "hit_rate_interval": list(wilson(n_stable, n_judged)) if n_judged else None,
        "tolerance": tolerance,
    }


def _stable(judged: StructureSet) -> CompositionSet:
    """Return the compositions whose best structure is stable."""
    rows = np.flatnonzero(judged.columns["is_best"] & (judged.columns["verdict"] == STABLE))
    formulas = judged.columns["formula"][rows].tolist()
    names = [f"computed:{formula}" for formula in formulas]
    return CompositionSet.of([parse_formula(one) for one in formulas], names, source="computed to be stable")
