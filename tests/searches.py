"""A small search that needs no program: a copper boundary, and ASE's effective-medium theory as its engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, calcfunction, run_get_node
from aiida.plugins import entry_point
from aiida.tools.pytest_fixtures.entry_points import EntryPointManager
from ase.build import bulk
from ase.calculators.emt import EMT

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.observations import Observations, observe
from aiida_gbml.science.interfaces.problem import SearchProblem, standard_bulk
from aiida_gbml.science.interfaces.reference import BulkReference, with_excess
from aiida_gbml.science.structure_set import FAILED, OK, StructureSet
from aiida_gbml.workflows.evaluation.base import EvaluationWorkChain
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

LATTICE_PARAMETER = 3.615  # Å
J_PER_M2 = 16.02176634  # of 1 eV/Å²
BOUNDARY = {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]}
SPACE = {"thickness": 5.0, "translation_spacing": 0.8}
"""14 atoms in the cell."""


def emt(structures: StructureSet, least_distance: float = 0.0) -> StructureSet:
    """Return structures with their energies (eV); where atoms are closer than a distance (Å) the row has failed."""
    energies, reasons, of_atoms = [], [], []
    for atoms in structures:
        atoms.calc = EMT()
        distances = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)]
        is_fine = distances.size == 0 or distances.min() >= least_distance
        energies.append(atoms.get_potential_energy() if is_fine else np.nan)
        of_atoms.extend(atoms.get_potential_energies() if is_fine else np.full(len(atoms), np.nan))
        reasons.append("" if is_fine else f"atoms overlap: a pair is closer than {least_distance} Å")
    status = [FAILED if reason else OK for reason in reasons]
    evaluated = structures.with_columns(energy=energies, status=status, reason=reasons)
    return evaluated.with_atom_columns(energies=of_atoms)


@calcfunction
def evaluate_emt(structures: StructureSetData, least_distance: orm.Float) -> dict[str, StructureSetData]:
    """Return evaluated structures.

    :param structures: in Å.
    :param least_distance: see :func:`emt`, in Å.
    """
    return {"evaluated": StructureSetData(emt(structures.structures, least_distance.value))}


class EmtEvaluationWorkChain(EvaluationWorkChain):
    """An engine within the interpreter. Structures are never relaxed."""

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.input("code", valid_type=orm.AbstractCode, required=False)
        spec.input("least_distance", valid_type=orm.Float, default=lambda: orm.Float(0.0))
        spec.outline(cls.evaluate)

    @classmethod
    def level_of_theory(cls, _: Mapping[str, Any]) -> str:
        return "effective-medium theory"

    @classmethod
    def get_builder_from_protocol(
        cls, code: orm.AbstractCode | None, *_: Any, least_distance: float = 0.0, **__: Any
    ) -> ProcessBuilder:
        builder: ProcessBuilder = cls.get_builder()
        if code is not None:
            builder.code = code
        builder.max_failed_fraction = orm.Float(1.0)
        builder.least_distance = orm.Float(least_distance)
        return builder

    def evaluate(self) -> Any:
        given = {name: self.inputs[name] for name in ("structures", "least_distance")}
        return self.conclude(self.call_once("evaluate", evaluate_emt, **given)["evaluated"])


@pytest.fixture(scope="module")
def emt_engine() -> Iterator[str]:
    """Return the entry point of the engine within the interpreter."""
    manager = EntryPointManager(entry_point.eps())
    manager.add(EmtEvaluationWorkChain, "aiida.workflows:gbml.evaluation.emt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry_point, "eps", manager.eps)
        patch.setattr(entry_point, "eps_select", manager.eps_select)
        yield "gbml.evaluation.emt"


@pytest.fixture(scope="module")
def emt_search(aiida_profile: Any, emt_engine: str) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of a search; keywords are overrides, or inputs of the engine."""

    def make(
        *, engine: Mapping[str, Any] | None = None, verification: Mapping[str, Any] | None = None, **overrides: Any
    ) -> ProcessBuilder:
        engines = [
            None if one is None else EmtEvaluationWorkChain.get_builder_from_protocol(None, None, **one)
            for one in ({} if engine is None else engine, verification)
        ]
        return GrainBoundarySearchWorkChain.get_builder_from_protocol(
            orm.StructureData(ase=bulk("Cu", a=LATTICE_PARAMETER)),
            BOUNDARY,
            engines[0],
            verification=engines[1],
            overrides={"space": SPACE, "budget": 12, "batch_size": 4, **overrides},
        )

    return make


@pytest.fixture(scope="session")
def reference() -> StructureSet:
    """Return the evaluated crystal."""
    return emt(standard_bulk(bulk("Cu", a=LATTICE_PARAMETER)))


@pytest.fixture(scope="session")
def problem(reference: StructureSet) -> SearchProblem:
    """Return the search problem."""
    return SearchProblem.from_inputs(reference, BOUNDARY, SPACE)


@pytest.fixture(scope="session")
def candidates(problem: SearchProblem) -> CandidateSet:
    """Return its candidates."""
    return problem.candidates()


@pytest.fixture(scope="session")
def evaluated(problem: SearchProblem, candidates: CandidateSet, reference: StructureSet) -> StructureSet:
    """Return every candidate with its energy and its excess."""
    structures = emt(problem.build(candidates, range(len(candidates))))
    return with_excess(structures, BulkReference.from_evaluated(reference), problem.space)


@pytest.fixture(scope="session")
def observations(evaluated: StructureSet) -> Observations:
    """Return what is observed when every candidate is evaluated."""
    return observe(evaluated)


def run_search(builder: Any) -> SimpleNamespace:
    """Return the outputs and the node of a search, and all nodes that were stored while it ran."""
    ids = orm.QueryBuilder().append(orm.Node, project="id").order_by({orm.Node: {"id": "desc"}})
    before = ids.first(flat=True) or 0
    outputs, node = run_get_node(builder)
    made = orm.QueryBuilder().append(orm.Node, filters={"id": {">": before}}).all(flat=True)
    return SimpleNamespace(outputs=outputs, node=node, made=made)
