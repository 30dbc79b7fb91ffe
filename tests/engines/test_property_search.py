"""A search over alloys with real LAMMPS: what it finds, with how few evaluations, and where each number is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_files import read_property_file
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.compounds.property_search import PropertySearchWorkChain
from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain

pytestmark = [pytest.mark.lammps, pytest.mark.usefixtures("aiida_profile")]

EXAMPLES = Path(__file__).parents[2] / "examples"
METALS = ("Cu", "Ag", "Au", "Ni", "Pd", "Pt")


def structures_of(name: str) -> StructureSet:
    """Return the structures of an example."""
    compounds = read_property_file(name, (EXAMPLES / name).read_bytes(), {}).compounds
    assert isinstance(compounds, StructureSet)
    return compounds


def test_the_most_stable_alloy_is_found_with_a_ninth_of_the_evaluations(
    lammps_code: orm.InstalledCode, lammps_potentials: Path
) -> None:
    """At random half of the 180 crystals would have to be computed on average: (180 + 1) / 2."""
    files = [orm.SinglefileData(lammps_potentials / f"{metal}_u3.eam") for metal in METALS]
    potential = {"pair_style": "eam", "pair_coeff": [f"{metal} {metal} {metal}_u3.eam" for metal in METALS]}
    engine: Any = LammpsEvaluationWorkChain.get_builder_from_protocol(
        lammps_code, None, potential_files=files, potential=potential
    )
    builder = PropertySearchWorkChain.get_builder_from_protocol(
        StructureSetData(structures_of("alloys.extxyz")),
        {"property": "formation_energy_per_atom"},
        engine,
        references=StructureSetData(structures_of("metals.extxyz")),
        overrides={"budget": 20, "batch_size": 10, "seed": 1},
    )
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    summary = outputs["summary"].get_dict()
    table = read_property_file(
        "alloys.extxyz", (EXAMPLES / "alloys.extxyz").read_bytes(), {"target": "formation_energy_per_atom"}
    )
    assert table.targets is not None
    assert summary["best_candidate"] == int(np.argmin(table.targets.target))
    assert summary["best_value"] == pytest.approx(table.targets.target.min(), abs=2e-4)
    assert summary["n_failed"] == 0
    seen = outputs["observations"].observations
    np.testing.assert_allclose(seen.values, table.targets.target[seen.candidates], atol=2e-4)
    _check_by_hand(outputs)


def _check_by_hand(outputs: Any) -> None:
    """Hold the energy of formation of the best to its energy and those of the elements."""
    evaluated, elements = outputs["evaluated"].structures, outputs["reference_energies"].structures
    row = int(np.argmin(evaluated.columns["formation_energy_per_atom"]))
    numbers = evaluated.numbers[evaluated.atoms_of(row)]
    of_element = {int(elements.numbers[one]): elements.columns["energy"][one] for one in range(len(elements))}
    excess = evaluated.columns["energy"][row] - sum(of_element[int(number)] for number in numbers)
    assert outputs["summary"]["best_value"] == pytest.approx(excess / len(numbers), abs=1e-9)
    assert evaluated.columns["calculation_uuid"][row] in {
        job.uuid for job in outputs["summary"].creator.caller.called_descendants
    }
