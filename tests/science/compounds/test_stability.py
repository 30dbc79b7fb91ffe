"""Tests of aiida_gbml.science.compounds.stability."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition as PymatgenComposition

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.stability import Phases

FORMULAS = ("Mg", "Al", "O2", "MgO", "Al2O3", "Mg2AlO3", "MgAl", "MgO2", "Mg3Al2O6")


def phases(formulas: tuple[str, ...], energies: list[float]) -> Phases:
    return Phases([parse_formula(formula) for formula in formulas], np.array(energies))


@pytest.mark.parametrize("seed", range(5))
def test_energies_above_the_hull_are_those_of_pymatgen(seed: int) -> None:
    energies = np.random.default_rng(seed).uniform(-3, 0, len(FORMULAS))
    competing = phases(FORMULAS, energies.tolist())
    entries = []
    for formula, energy in zip(FORMULAS, energies, strict=True):
        composition = PymatgenComposition(formula)
        entries.append(PDEntry(composition, energy * composition.num_atoms))
    diagram = PhaseDiagram(entries)
    wanted = parse_formula("MgAl2O4")
    mixture = competing.mixture(wanted)
    assert mixture is not None
    assert mixture.energy == pytest.approx(diagram.get_hull_energy_per_atom(PymatgenComposition("MgAl2O4")), abs=1e-8)
    assert sum(mixture.fractions.values()) == pytest.approx(1, abs=1e-6)
    elements = energies[0] / 7 + 2 * energies[1] / 7 + 4 * energies[2] / 7
    assert competing.formation_energy(wanted, -2.0) == pytest.approx(-2.0 - elements, abs=1e-9)


def test_oxides_compete_with_oxides_where_elements_have_no_energy() -> None:
    competing = phases(("MgO", "Al2O3", "CaO"), [-20.0, -30.0, -18.0])
    mixture = competing.mixture(parse_formula("MgAl2O4"))
    assert mixture is not None
    assert mixture.energy == pytest.approx((2 * -20.0 + 5 * -30.0) / 7)
    assert competing.text(mixture) == "0.29 MgO + 0.71 Al2O3"
    assert np.isnan(competing.formation_energy(parse_formula("MgAl2O4"), -25.0))


def test_what_no_mixture_has_cannot_be_judged() -> None:
    competing = phases(("MgO", "Al2O3"), [-20.0, -30.0])
    assert competing.mixture(parse_formula("MgAlO3")) is None, "too much oxygen"
    assert competing.mixture(parse_formula("ZnO")) is None
    assert competing.mixture(parse_formula("MgO"), without=[0]) is None
