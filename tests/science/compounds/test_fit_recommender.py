"""The task that fits a recommender: what it keeps of the training, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of

from aiida_gbml.science.compounds import fit_recommender
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.compounds.recommenders.tucker import TuckerRecommender
from aiida_gbml.science.learning.model_file import ModelFile
from aiida_gbml.science.task import main, read_outputs

SPACE = space_of(3).to_dict()


def fitted(**parameters: Any) -> tuple[ModelFile, dict[str, Any]]:
    """Return the stored model and the report of a run of the task."""
    outputs = fit_recommender.run({"known": known_set().to_bytes()}, {"space": SPACE, **parameters})
    return ModelFile.from_bytes(outputs["model"]), json.loads(outputs["report"])


def test_the_model_is_that_of_a_fit_here() -> None:
    settings = {"ranks": [3, 2, 5], "transfer": False}
    file, report = fitted(model={"kind": "tucker", "settings": settings}, training_uuids=["a-b"])
    again = RECOMMENDERS["tucker"].from_file(file)
    here = TuckerRecommender((3, 2, 5), transfer=False).fit(known_set(), space_of(3))
    np.testing.assert_array_equal(again.score(all_candidates(3)), here.score(all_candidates(3)))
    assert file.training_uuids == ["a-b"]
    assert report["kind"] == "tucker"
    assert report["settings"] == {**settings, "sweeps": 5}
    assert report["sha256"] == known_set().sha256
    assert (report["licence"], report["n_left_out"], report["cutoff"]) == ("CC0", 0, None)


def test_what_comes_from_the_cut_off_on_is_not_learned() -> None:
    known = known_set()
    file, report = fitted(model={"kind": "popularity"}, cutoff=200)
    earlier = known.before(200)
    assert report["sha256"] == earlier.sha256
    assert (report["n_known"], report["n_left_out"]) == (len(earlier), len(known) - len(earlier))
    assert file.hyperparameters["training"]["cutoff"] == 200
    assert file.hyperparameters["training"]["last_seen"] < 200


def test_equal_inputs_make_equal_models(tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "known").write_bytes(known_set().to_bytes())
    parameters = {"space": SPACE, "model": {"kind": "svd_cation", "settings": {"rank": 3}}}
    (tmp_path / "parameters.json").write_text(json.dumps(parameters))
    assert main(fit_recommender.run, tmp_path) == 0
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert read_outputs(files, ["model", "report"])["model"] == fitted(model=parameters["model"])[0].to_bytes()


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"space": SPACE, "rank": 3}, "unknown parameter 'rank'"),
        ({}, "no parameter 'space'"),
        ({"space": {"arity": 9}}, "arity 9"),
        ({"space": SPACE, "model": {"kind": "oracle"}}, "no recommender 'oracle'"),
        ({"space": SPACE, "model": {"kind": "cp", "settings": {"depth": 2}}}, "'cp', which has rank"),
        ({"space": SPACE, "model": {"kind": "cp", "settings": {"sweeps": 0}}}, "'sweeps' .* from 1 to 10,000, got 0"),
        ({"space": SPACE, "model": {"kind": "descriptors", "settings": {"seed": None}}}, "'seed' .* got None"),
        ({"space": SPACE, "model": "cp"}, "'kind' and 'settings'"),
        ({"space": SPACE, "model": {"kind": "cp"}, "cutoff": "2020"}, "whole number"),
        ({"space": SPACE, "model": {"kind": "cp"}, "cutoff": 0}, "none of the 0 known"),
        ({"space": SPACE, "model": {"kind": "cp", "settings": {"rank": -1}}}, "'rank' of the recommender 'cp' must be"),
    ],
)
def test_bad_parameters_are_refused_with_a_sentence(parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fit_recommender.run({"known": known_set().to_bytes()}, parameters)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: Any) -> None:
        raise ImportError("No module named 'myfm'")

    monkeypatch.setattr(RECOMMENDERS["cp"], "fit", lacking)
    with pytest.raises(ValueError, match="'cp' needs a package that is missing: No module named 'myfm'"):
        fitted(model={"kind": "cp"})


def test_other_inputs_are_refused() -> None:
    with pytest.raises(ValueError, match="takes the input 'known', got none"):
        fit_recommender.run({}, {"space": SPACE})
    with pytest.raises(ValueError, match="no set of compositions"):
        fit_recommender.run({"known": b"nothing"}, {"space": SPACE})
