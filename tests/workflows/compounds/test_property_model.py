"""A property model as a whole: a real fit by a worker, what it stores, and what it refuses."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node
from alloys import database, elements
from searches import emt

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.science.compounds.property_targets import PropertyTargets
from aiida_gbml.workflows.compounds.property_model import PropertyModelWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile")

ALLOYS = emt(database())
QUICK = {"model": {"kind": "kernel_ridge"}, "validation": {"kind": "grouped", "folds": 3, "seed": 0}}


@pytest.fixture(scope="module")
def worker(aiida_profile: Any, tmp_path_factory: pytest.TempPathFactory) -> orm.InstalledCode:
    """Return the Python of this environment as a code, for as long as the models of this module."""
    computer = orm.Computer("for-models", "localhost", "", "core.local", "core.direct").store()
    computer.set_workdir(str(tmp_path_factory.mktemp("work")))
    computer.set_minimum_job_poll_interval(0.1)
    computer.set_default_mpiprocs_per_machine(1)
    computer.configure()
    code = orm.InstalledCode(computer, sys.executable, label="python", default_calc_job_plugin="gbml.worker")
    return code.store()


def run(builder: Any) -> SimpleNamespace:
    outputs, node = run_get_node(builder)
    return SimpleNamespace(outputs=outputs, node=node)


@pytest.fixture(scope="module")
def finished(worker: orm.InstalledCode) -> SimpleNamespace:
    """Return a model of the volume per atom of alloys, learned from a column, that predicts the elements."""
    return run(
        PropertyModelWorkChain.get_builder_from_protocol(
            worker,
            StructureSetData(ALLOYS),
            "volume_per_atom",
            unit="Å³/atom",
            predict=StructureSetData(elements()),
            overrides=QUICK,
        )
    )


def test_the_report_follows_from_the_predictions(finished: SimpleNamespace) -> None:
    assert finished.node.exit_status in (0, 502), finished.node.exit_message
    report, arrays = finished.outputs["report"].get_dict(), finished.outputs["predictions"]
    errors = arrays.get_array("prediction") - arrays.get_array("target")
    assert report["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert report["mae"] == pytest.approx(np.mean(np.abs(errors)))
    inside = (arrays.get_array("lower") <= arrays.get_array("target")) & (
        arrays.get_array("target") <= arrays.get_array("upper")
    )
    assert report["coverage"] == pytest.approx(inside.mean())
    assert report["rmse"] < 0.5 * report["rmse_of_mean"]
    assert (report["n"], report["n_groups"], report["unit"]) == (45, 15, "Å³/atom")
    np.testing.assert_allclose(
        arrays.get_array("target"), property_values(ALLOYS, "volume_per_atom")[arrays.get_array("row")]
    )


def test_no_prediction_has_seen_its_chemical_system(finished: SimpleNamespace) -> None:
    arrays = finished.outputs["predictions"]
    systems = [str(sorted(set(ALLOYS.numbers[ALLOYS.atoms_of(row)].tolist()))) for row in arrays.get_array("row")]
    folds = arrays.get_array("fold").tolist()
    assert len(set(zip(systems, folds, strict=True))) == 15


def test_other_compounds_are_predicted_with_intervals(finished: SimpleNamespace) -> None:
    predicted = finished.outputs["predicted"]
    true = property_values(elements(), "volume_per_atom")
    assert np.mean(np.abs(predicted.get_array("prediction") - true)) < 1.0  # Å³, of 10 to 17
    assert np.all(predicted.get_array("lower") <= predicted.get_array("upper"))
    assert predicted.get_array("is_familiar").all()
    assert finished.outputs["predicted_report"]["n"] == 6


def test_the_model_knows_its_training_data_and_every_node_its_creator(finished: SimpleNamespace) -> None:
    model = finished.outputs["model"].model
    assert model.kind == "property.kernel_ridge"
    structures = finished.node.inputs.structures
    targets = finished.node.base.links.get_outgoing(link_label_filter="take_property").one().node.outputs.targets
    assert model.training_uuids == [structures.uuid, targets.uuid]
    for name, node in finished.outputs.items():
        assert node.creator is not None, name
    labels = {
        link.link_label for link in finished.node.base.links.get_outgoing().all() if "call" in link.link_type.value
    }
    assert labels == {"take_property", "prepare_fit", "fit", "prepare_prediction", "predict"}
    job = finished.node.base.links.get_outgoing(link_type=LinkType.CALL_CALC, link_label_filter="fit").one().node
    assert job.get_option("task") == "aiida_gbml.science.compounds.fit_property"


def test_compositions_are_learned_from_targets_and_nonsense_is_called_so(worker: orm.InstalledCode) -> None:
    """Values drawn at random: nothing can be learned, and the process says so."""
    pairs = [f"{one}{other}" for one in ("Li", "Na", "K", "Rb") for other in ("F", "Cl", "Br", "I")]
    compositions = CompositionSet.of([parse_formula(pair) for pair in pairs])
    noise = np.random.default_rng(8).normal(size=16)
    model = run(
        PropertyModelWorkChain.get_builder_from_protocol(
            worker,
            CompositionSetData(compositions),
            "noise",
            targets=PropertyTargetsData(PropertyTargets(noise)),
            overrides={**QUICK, "descriptors": {"preset": "composition"}},
        )
    )
    assert model.node.exit_status == 501, model.node.exit_message
    assert "not below that of their mean" in model.node.exit_message
    assert {"model", "predictions", "report"} <= set(model.outputs)


def test_what_cannot_be_learned_ends_with_the_reason(worker: orm.InstalledCode) -> None:
    def build(name: str, **overrides: Any) -> Any:
        return PropertyModelWorkChain.get_builder_from_protocol(
            worker, StructureSetData(ALLOYS), name, overrides={**QUICK, **overrides}
        )

    model = run(build("band_gap"))
    assert model.node.exit_status == 201
    assert "no property 'band_gap'" in model.node.exit_message
    model = run(build("density", model={"kind": "kernel_ridge", "settings": {"colour": "red"}}))
    assert model.node.exit_status == 410
    assert "colour" in model.node.exit_message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"scale": "ln"}, "the scale is 'ln', expected one of linear, log10"),
        ({"descriptors": {"preset": "magpie"}}, "'magpie' is no set of descriptors"),
        ({"validation": {"kind": "hope"}}, "the kind of the validation is 'hope'"),
        ({"model": {"kind": "forest"}}, "the kind of the model is 'forest', expected one of kernel_ridge"),
        ({"coverage": "high"}, "'coverage' must be a number, got 'high'"),
        ({"coverage": 90.0}, "the coverage is 90.0, expected a fraction between 0 and 1"),
        ({"depth": 3}, "there is no setting 'depth' to override"),
    ],
)
def test_wrong_settings_are_refused_with_nothing_stored(
    worker: orm.InstalledCode, given: dict[str, Any], words: str
) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    with pytest.raises(ValueError, match=words):
        run_get_node(
            PropertyModelWorkChain.get_builder_from_protocol(
                worker, StructureSetData(ALLOYS), "density", overrides={**QUICK, **given}
            )
        )
    assert orm.QueryBuilder().append(orm.Node).count() == before
