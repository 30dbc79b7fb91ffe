"""Model files: exact round trips, one closed list of kinds, and no way in for damaged or hostile bytes."""

import io
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.archive import write_arrays
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError, rebuild
from aiida_gbml.science.strict_json import write_json


@pytest.fixture
def model() -> ModelFile:
    random = np.random.default_rng(0)
    return ModelFile(
        kind="line",
        arrays={"slope": random.normal(size=3), "rows": np.arange(4)},
        hyperparameters={"noise": 1e-3, "kernel": "matern52"},
        features={"period": [3.615, 8.083]},
        units={"energy": "J/m^2"},
        training_uuids=["0a"],
        split_ids={"train": [0, 2], "test": [1]},
    )


def line(file: ModelFile) -> float:
    return float(file.arrays["slope"].sum())


def test_round_trip_is_exact(model: ModelFile) -> None:
    again = ModelFile.from_bytes(model.to_bytes())
    assert all(np.array_equal(again.arrays[name], array) for name, array in model.arrays.items())
    assert again.arrays.keys() == model.arrays.keys()
    assert (again.hyperparameters, again.split_ids, again.units) == (
        model.hyperparameters,
        model.split_ids,
        model.units,
    )
    assert again.to_bytes() == model.to_bytes()


def test_a_kind_is_rebuilt_only_by_the_closed_list(model: ModelFile) -> None:
    assert rebuild(model, {"line": line}) == line(model)
    with pytest.raises(ModelFileError, match=r"kind 'line', which is not known here \(known: plane\)"):
        rebuild(model, {"plane": line})


def test_content_that_does_not_fit_its_kind_is_named() -> None:
    with pytest.raises(ModelFileError, match="does not fit a model of the kind 'line': 'slope'"):
        rebuild(ModelFile(kind="line", arrays={}), {"line": line})


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(number: float) -> None:
    with pytest.raises(ModelFileError, match="not finite"):
        ModelFile(kind="line", arrays={"slope": np.array([1.0, number])})
    with pytest.raises(ModelFileError, match="cannot be written"):
        ModelFile(kind="line", arrays={}, hyperparameters={"noise": float(number)}).to_bytes()


def record(**changes: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    fields = {"kind": "line", "hyperparameters": {}, "features": {}, "units": {}, "training_uuids": [], "split_ids": {}}
    return np.frombuffer(write_json({**fields, "format_version": 1, **changes}), dtype=np.uint8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "format version 2, this release reads 1"),
        ({"kind": ["line"]}, "'kind' must be a str"),
        ({"kind": ""}, "needs a kind"),
        ({"module": "os"}, "the record of the model holds"),
        ({"training_uuids": "abc"}, "'training_uuids' must be a list"),
    ],
)
def test_a_wrong_record_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        ModelFile.from_bytes(write_arrays({"record": record(**changes)}))


def test_an_archive_of_something_else_is_refused() -> None:
    with pytest.raises(ModelFileError, match="no model file"):
        ModelFile.from_bytes(write_arrays({"cells": np.eye(3)}))
    with pytest.raises(ModelFileError, match="'cells', which no model file has"):
        ModelFile.from_bytes(write_arrays({"cells": np.eye(3), "record": record()}))


class Bomb:
    """Fails the test when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("code in a model file was run",))


def test_pickles_are_never_opened() -> None:
    with pytest.raises(ModelFileError):
        ModelFile.from_bytes(pickle.dumps(Bomb()))
    member = io.BytesIO()
    np.lib.format.write_array(member, np.array([Bomb()], dtype=object), allow_pickle=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("array.slope.npy", member.getvalue())
    with pytest.raises(ModelFileError):
        ModelFile.from_bytes(archive.getvalue())


def test_a_header_that_asks_for_terabytes_is_refused() -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("array.slope.npy", header.getvalue())
    with pytest.raises(ModelFileError):
        ModelFile.from_bytes(archive.getvalue())


def test_a_thousand_mutations_give_the_same_model_or_a_named_error(model: ModelFile) -> None:
    content = model.to_bytes()
    random = np.random.default_rng(2026)
    for _ in range(1000):
        place = int(random.integers(len(content)))
        damaged = bytearray(content if random.random() < 0.7 else content[:place])
        if len(damaged) > place:
            damaged[place] ^= 1 << int(random.integers(8))
        try:
            again = ModelFile.from_bytes(bytes(damaged))
        except ModelFileError:
            continue
        assert again.to_bytes() == content
