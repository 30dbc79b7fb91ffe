"""The task that fits a property, as a worker runs it."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.fit_property import run
from aiida_gbml.science.compounds.property_models.property_model import PropertyModel
from aiida_gbml.science.learning.model_file import ModelFile
from aiida_gbml.science.strict_json import read_json
from aiida_gbml.science.structure_set import StructureSet

CATIONS, ANIONS = [3, 4, 11, 12, 13, 19, 20, 21, 30, 31, 37, 38, 39, 48, 49, 55, 56], [7, 8, 9, 15, 16, 17, 34, 35]
PAIRS = [(c, a) for c in CATIONS for a in ANIONS]
COMPOSITIONS = CompositionSet.of([Composition(tuple(sorted(pair)), (1, 1)) for pair in PAIRS])
TARGETS = np.array([float(anion % 8 + 0.1 * cation) for cation, anion in PAIRS])
FAST = {"kind": "kernel_ridge"}


def fit(targets, parameters, **inputs):
    columns = targets if isinstance(targets, dict) else {"target": targets}
    given = inputs or {"compositions": COMPOSITIONS.to_bytes()}
    return run({**given, "targets": write_arrays(columns)}, parameters)


def test_compositions_become_a_model_predictions_and_a_report() -> None:
    targets = TARGETS.copy()
    targets[[3, 7]] = np.nan
    parameters = {"property": "gap", "unit": "eV", "model": FAST, "coverage": 0.8, "training_uuids": ["u"]}
    outputs = fit(targets, parameters)
    report, table = read_json(outputs["report"]), read_arrays(outputs["predictions"])
    assert (report["n"], report["n_left_out"], report["n_groups"]) == (134, 2, 134)
    assert (report["property"], report["unit"], report["error_unit"]) == ("gap", "eV", "eV")
    assert report["validation"]["kind"] == "grouped"
    assert np.array_equal(np.sort(table["row"]), np.delete(np.arange(136), [3, 7]))
    assert np.array_equal(table["target"], targets[table["row"]])
    error = np.sqrt(np.mean((table["prediction"] - table["target"]) ** 2))
    assert report["rmse"] == pytest.approx(error)
    assert error < 0.5 * report["rmse_of_mean"]
    assert report["coverage"] == np.mean((table["lower"] <= table["target"]) & (table["target"] <= table["upper"]))
    file = ModelFile.from_bytes(outputs["model"])
    assert (file.kind, file.training_uuids, file.units) == ("property.kernel_ridge", ["u"], {"gap": "eV"})
    assert PropertyModel.from_file(file).coverage == 0.8
    assert {block["name"] for block in report["blocks"]} >= {"elements", "valence"}


def test_equal_inputs_give_equal_models() -> None:
    parameters = {"model": {"kind": "ensemble", "settings": {"n_trees": 10, "n_likelihood": 50}}}
    one, other = fit(TARGETS, parameters), fit(TARGETS, parameters)
    assert one["model"] == other["model"]
    assert one["predictions"] == other["predictions"]


def test_structures_are_described_by_structure() -> None:
    crystals = [bulk("X", kind, a=a) for kind in ("fcc", "bcc", "sc") for a in np.linspace(3.5, 5.5, 12)]
    for index, crystal in enumerate(crystals):
        crystal.numbers[:] = CATIONS[index % len(CATIONS)]
    energies = np.array([crystal.get_volume() for crystal in crystals])
    outputs = fit(energies, {"model": FAST}, structures=StructureSet.from_ase(crystals).to_bytes())
    report = read_json(outputs["report"])
    assert {block["name"] for block in report["blocks"]} >= {"cell", "bonds", "radial"}
    assert report["n_groups"] == len(CATIONS)


def test_a_chronological_validation_tests_the_later_rows() -> None:
    columns = {"target": TARGETS, "order": np.arange(136)[::-1]}
    outputs = fit(columns, {"model": FAST, "validation": {"kind": "chronological", "folds": 3}})
    table = read_arrays(outputs["predictions"])
    assert table["row"].max() < 136 - 136 // 4 + 1
    assert read_json(outputs["report"])["validation"]["folds"] == 3


def test_groups_of_the_user_are_kept_together() -> None:
    groups = np.array([f"cation {cation}" for cation, _ in PAIRS])
    outputs = fit({"target": TARGETS, "group": groups}, {"model": FAST})
    table = read_arrays(outputs["predictions"])
    for group in np.unique(groups):
        assert len(np.unique(table["fold"][groups[table["row"]] == group])) == 1


@pytest.mark.parametrize(
    ("targets", "parameters", "message"),
    [
        (TARGETS, {"colour": 1}, "'colour' is no parameter of the fit"),
        (TARGETS, {"model": {"type": "forest"}}, "a 'kind' and 'settings', not 'type'"),
        (TARGETS, {"model": {"kind": "forest"}}, "'forest' is no kind of model"),
        (TARGETS, {"validation": {"fold": 3}}, "not 'fold'"),
        (TARGETS, {"validation": {"kind": "chronological"}}, "needs the column 'order'"),
        (
            TARGETS,
            {"validation": {"folds": None}},
            "'folds' of a validation must be a whole number from 2 on, got None",
        ),
        (TARGETS, {"validation": {"seed": -1}}, "'seed' of a validation"),
        (TARGETS, {"validation": 3}, "'validation' holds values by name, got 3"),
        (TARGETS, {"model": 3}, "'model' holds values by name, got 3"),
        (TARGETS, {"model": {"kind": "kernel_ridge", "settings": {"seed": "x"}}}, "'seed' of a model"),
        (TARGETS, {"coverage": None}, "a number between 0 and 1, got None"),
        (TARGETS, {"training_uuids": 3}, "'training_uuids' is a list of texts"),
        (TARGETS, {"descriptors": 3}, "the name of a preset or blocks of their own, got 3"),
        (TARGETS, {"descriptors": "structure"}, "needs crystal structures"),
        (TARGETS, {"descriptors": "soap"}, "'soap' is no set of descriptors"),
        (TARGETS[:-1], {}, "there are 135 values of the property for 136 compounds"),
        (np.full(136, np.nan), {}, "none of the 136 compounds has a value"),
        ({"energy": TARGETS}, {}, "the archive holds energy, expected target, order, group"),
        (-TARGETS, {"scale": "log10", "model": FAST}, "has no logarithm"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_sentence(targets, parameters, message) -> None:
    with pytest.raises(ValueError, match=message):
        fit(targets, parameters)


def test_compounds_are_needed_once() -> None:
    content = COMPOSITIONS.to_bytes()
    with pytest.raises(ValueError, match="either structures or compositions, got neither"):
        run({"targets": write_arrays({"target": TARGETS})}, {})
    with pytest.raises(ValueError, match="got structures and compositions"):
        run({"compositions": content, "structures": content, "targets": b""}, {})
    with pytest.raises(ValueError, match="'targets' is missing"):
        run({"compositions": content}, {})
