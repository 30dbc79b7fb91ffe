"""The task that predicts a property, as a worker runs it."""

import numpy as np
import pytest

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.fit_property import run as fit
from aiida_gbml.science.compounds.predict_property import run
from aiida_gbml.science.strict_json import read_json

PAIRS = [(c, a) for c in (3, 4, 11, 12, 13, 19, 20, 30, 31, 37) for a in (8, 9, 16, 17, 34, 35)]
TRAIN = CompositionSet.of([Composition(tuple(sorted(pair)), (1, 1)) for pair in PAIRS])
NEW = CompositionSet.of([Composition((8, 12), (1, 1)), Composition((8, 92), (2, 1))])


@pytest.fixture(scope="module")
def model():
    targets = np.array([10.0 ** (anion % 8 / 4) for _, anion in PAIRS])
    parameters = {"property": "conductivity", "unit": "W/(m K)", "scale": "log10", "coverage": 0.8}
    parameters["model"] = {"kind": "gaussian_process"}
    return fit({"compositions": TRAIN.to_bytes(), "targets": write_arrays({"target": targets})}, parameters)["model"]


def test_predictions_have_intervals_and_know_what_is_strange(model) -> None:
    outputs = run({"model": model, "compositions": NEW.to_bytes()}, {})
    table, report = read_arrays(outputs["predictions"]), read_json(outputs["report"])
    assert table["is_familiar"].tolist() == [True, False]
    assert np.all(
        (table["lower"] > 0) & (table["lower"] < table["prediction"]) & (table["prediction"] < table["upper"])
    )
    assert table["deviation"][1] > table["deviation"][0]
    assert (report["n"], report["n_unfamiliar"], report["nominal_coverage"]) == (2, 1, 0.8)
    assert (report["property"], report["unit"], report["model"]) == ("conductivity", "W/(m K)", "gaussian_process")
    wider = read_arrays(run({"model": model, "compositions": NEW.to_bytes()}, {"coverage": 0.95})["predictions"])
    assert np.all(wider["upper"] > table["upper"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"coverage": 0.999}, "60 groups of rows are too few"),
        ({"coverage": 1.5}, "between 0 and 1"),
        ({"coverage": 0.0}, "between 0 and 1"),
        ({"cut": 1}, "'cut' is no"),
    ],
)
def test_what_cannot_be_predicted_is_refused(model, parameters, message) -> None:
    with pytest.raises(ValueError, match=message):
        run({"model": model, "compositions": NEW.to_bytes()}, parameters)


def test_a_model_is_needed() -> None:
    with pytest.raises(ValueError, match="'model' is missing"):
        run({"compositions": NEW.to_bytes()}, {})
    with pytest.raises(ValueError, match="not a readable array archive"):
        run({"model": b"junk", "compositions": NEW.to_bytes()}, {})
