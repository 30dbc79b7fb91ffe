"""A small database of alloys, and the builder of a search over it, with the engine within the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessBuilder, ProcessState, run_get_node
from ase import Atoms
from ase.build import bulk
from searches import EmtEvaluationWorkChain, emt

from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.data.task_output import output_node
from aiida_gbml.science.compounds import fit_property, predict_property
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.science.compounds.property_targets import PropertyTargets
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.compounds.property_search import PropertySearchWorkChain

METALS = {"Cu": 3.61, "Ag": 4.09, "Au": 4.08, "Ni": 3.52, "Pd": 3.89, "Pt": 3.92}
"""Lattice parameters in Å."""


def ordered_alloys() -> list[Atoms]:
    """Return L1_0 and two L1_2 crystals of each pair of metals, at the mean of their lattice parameters."""
    found = []
    for one, other in combinations(METALS, 2):
        for count in (1, 2, 3):
            fraction = count / 4
            atoms = bulk("Cu", "fcc", a=(1 - fraction) * METALS[one] + fraction * METALS[other], cubic=True)
            symbols = [one] * (4 - count) + [other] * count
            atoms.set_chemical_symbols(symbols if count != 2 else [one, one, other, other])
            found.append(atoms)
    return found


def elements() -> StructureSet:
    """Return the crystals of the metals."""
    return StructureSet.from_ase([bulk(metal, "fcc", a=a) for metal, a in METALS.items()])


def database() -> StructureSet:
    """Return the 45 alloys."""
    alloys = ordered_alloys()
    labels = np.array([f"alloy {row}" for row in range(len(alloys))])
    return StructureSet.from_ase(alloys, structure_label=labels)


@pytest.fixture(scope="module")
def alloy_search(aiida_profile: Any, emt_engine: str) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of a search over the alloys; keywords are overrides."""

    def make(
        objective: Mapping[str, Any] | None = None,
        candidates: Any = None,
        rows: list[int] | None = None,
        references: StructureSet | None = None,
        engine: Mapping[str, Any] | None = None,
        **overrides: Any,
    ) -> ProcessBuilder:
        alloys = database()
        return PropertySearchWorkChain.get_builder_from_protocol(
            StructureSetData(alloys if rows is None else alloys.take(rows)) if candidates is None else candidates,
            {"property": "energy_per_atom"} if objective is None else objective,
            EmtEvaluationWorkChain.get_builder_from_protocol(None, None, **(engine or {})),
            references=None if references is None else StructureSetData(references),
            overrides={"budget": 12, "engine": {"mode": "static"}, **overrides},
        )

    return make


@pytest.fixture(scope="module")
def alloy_node(alloy_search: Callable[..., ProcessBuilder]) -> orm.WorkChainNode:
    """Return a finished search of six evaluations for the lowest energy of formation."""
    builder = alloy_search({"property": "formation_energy_per_atom"}, references=elements(), budget=6, batch_size=6)
    return run_get_node(builder)[1]  # type: ignore[return-value]


def link_outputs(node: orm.ProcessNode, outputs: Mapping[str, orm.Data], link: LinkType) -> None:
    """Store nodes as the outputs of a stored process; their names may be nested by `__`."""
    for name, data in outputs.items():
        if link is LinkType.CREATE:
            data.base.links.add_incoming(node, link, name)
            data.store()
        else:
            data.store().base.links.add_incoming(node, link, name)


@pytest.fixture(scope="module")
def stored_model(aiida_profile: Any, emt_engine: str) -> orm.WorkChainNode:
    """Return the process of a model of the volume per atom, as a worker would have left it."""
    structures = emt(database())
    targets = PropertyTargetsData(PropertyTargets(property_values(structures, "volume_per_atom")))
    inputs = {"structures": StructureSetData(structures), "targets": targets}
    parameters = {
        "property": "volume_per_atom",
        "unit": "Å³/atom",
        "model": {"kind": "kernel_ridge"},
        "validation": {"kind": "grouped", "folds": 3},
    }
    contents = fit_property.run({name: node.content for name, node in inputs.items()}, parameters)
    others = StructureSetData(elements())
    predicted = predict_property.run({"model": contents["model"], "structures": others.content}, {})
    node = orm.WorkChainNode(process_type="aiida.workflows:gbml.property_model")
    node.set_process_label("PropertyModelWorkChain")
    for name, data in {**inputs, "predict__structures": others}.items():
        node.base.links.add_incoming(data.store(), LinkType.INPUT_WORK, name)
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    node.store()
    outputs = {
        "model": output_node("gbml.model", contents["model"]),
        "predictions": output_node("core.array", contents["predictions"]),
        "report": output_node("core.dict", contents["report"]),
        "predicted": output_node("core.array", predicted["predictions"]),
        "predicted_report": output_node("core.dict", predicted["report"]),
    }
    link_outputs(node, outputs, LinkType.RETURN)
    return node


@pytest.fixture(scope="module")
def stored_task(aiida_profile: Any) -> Callable[..., orm.CalcJobNode]:
    """Return a function that stores the job of a task as the worker would have left it."""

    def store(
        task: str, archives: Mapping[str, Any], parameters: dict[str, Any], types: Mapping[str, str]
    ) -> orm.CalcJobNode:
        module = import_module(f"aiida_gbml.science.compounds.{task}")
        contents = module.run({name: node.content for name, node in archives.items()}, parameters)
        node = orm.CalcJobNode(process_type="aiida.calculations:gbml.worker")
        node.set_process_label("WorkerCalculation")
        node.set_option("task", f"aiida_gbml.science.compounds.{task}")
        given = {"parameters": orm.Dict(parameters), **{f"arrays__{key}": one for key, one in archives.items()}}
        for name, data in given.items():
            node.base.links.add_incoming(data.store(), LinkType.INPUT_CALC, name)
        node.set_process_state(ProcessState.FINISHED)
        node.set_exit_status(0)
        node.store()
        outputs = {f"results__{name}": output_node(kind, contents[name]) for name, kind in types.items()}
        link_outputs(node, outputs, LinkType.CREATE)
        return node

    return store
