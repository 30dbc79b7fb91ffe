"""Models of a property: whatever their kind, they learn, keep their word, and survive being stored."""

import numpy as np
import pytest

from aiida_gbml.science.compounds.descriptors.compounds import Compounds
from aiida_gbml.science.compounds.descriptors.spec import DescriptorSpec
from aiida_gbml.science.compounds.elements import element_table
from aiida_gbml.science.compounds.objective import LOG10
from aiida_gbml.science.compounds.property_models.property_model import (
    ESTIMATORS,
    PropertyModel,
    PropertyModelError,
)
from aiida_gbml.science.learning.conformal import ConformalError, coverage_of
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError

GENERATOR = np.random.default_rng(0)
SPEC = DescriptorSpec.from_dict(
    {
        "blocks": [
            {"name": "elements", "sites": [{"kind": "elements", "properties": ["electronegativity_pauling", "mass"]}]},
            {"name": "valence", "sites": [{"kind": "valence"}]},
        ]
    }
)
NUMBERS = np.sort(GENERATOR.permuted(np.tile(np.arange(3, 80), (260, 1)), axis=1)[:, :2], axis=1)
AMOUNTS = GENERATOR.integers(1, 4, (260, 2))
COMPOUNDS = Compounds.of_compositions(NUMBERS, AMOUNTS)
ELECTRONEGATIVITY = element_table().of(NUMBERS, ["electronegativity_pauling"])[:, :, 0]
SHARE = AMOUNTS / AMOUNTS.sum(axis=1, keepdims=True)
MEAN = np.sum(SHARE * ELECTRONEGATIVITY, axis=1)
TARGETS = -np.sum(SHARE * (ELECTRONEGATIVITY - MEAN[:, None]) ** 2, axis=1) + 0.02 * GENERATOR.normal(size=260)
FEW = {"ensemble": {"n_trees": 30}, "gradient_boosting": {"n_trees": 60}}
TRAIN, TEST = COMPOUNDS.take(0, 200), COMPOUNDS.take(200, 260)


@pytest.fixture(scope="module", params=ESTIMATORS)
def model(request):
    return PropertyModel(SPEC, request.param, FEW.get(request.param, {}), unit="eV").fit(TRAIN, TARGETS[:200])


def test_every_kind_learns_and_its_intervals_cover(model) -> None:
    said = model.predict(TEST)
    assert np.sqrt(np.mean((said.mean - TARGETS[200:]) ** 2)) < 0.6 * TARGETS.std()
    # 60 rows: the standard deviation of the coverage is 4 %.
    assert coverage_of(TARGETS[200:], said.lower, said.upper) > 0.75
    assert np.all(said.lower < said.mean)
    assert np.all(said.mean < said.upper)


def test_more_coverage_needs_wider_intervals(model) -> None:
    narrow, wide = model.predict(TEST, 0.5), model.predict(TEST, 0.95)
    assert np.all(wide.upper - wide.lower > narrow.upper - narrow.lower)


def test_a_coverage_that_there_cannot_be_is_refused(model) -> None:
    for coverage in (0.0, 1.0, 0.999):
        with pytest.raises(ConformalError, match=r"between 0 and 1, got|too few for intervals of 99.9 %"):
            model.predict(TEST, coverage)


def test_a_stored_model_is_the_same_and_its_bytes_are_deterministic(model) -> None:
    content = model.to_file(["a"]).to_bytes()
    assert content == model.to_file(["a"]).to_bytes()
    again = PropertyModel.from_file(ModelFile.from_bytes(content))
    assert ModelFile.from_bytes(content).kind == f"property.{model.kind}"
    one, other = model.predict(TEST, 0.8), again.predict(TEST, 0.8)
    for name in ("mean", "lower", "upper", "deviation"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert again.to_file(["a"]).to_bytes() == content


def test_length_scales_are_told_by_block(model) -> None:
    if model.kind == "gradient_boosting":
        assert model.lengths == {}
    else:
        assert list(model.lengths) == ["elements", "valence"]


def test_elements_that_were_never_seen_are_told() -> None:
    model = PropertyModel(SPEC, "kernel_ridge").fit(COMPOUNDS.take(0, 60), TARGETS[:60])
    strange = Compounds.of_compositions(np.array([[3, 92], NUMBERS[0]]), np.array([[1, 1], [1, 1]]))
    assert model.is_familiar(strange).tolist() == [False, True]


def test_logarithms_are_of_the_model_alone() -> None:
    positive = 10 ** (2 * TARGETS)
    model = PropertyModel(SPEC, "gaussian_process", scale=LOG10, unit="W/(m K)").fit(TRAIN, positive[:200])
    plain = PropertyModel(SPEC, "gaussian_process").fit(TRAIN, np.log10(positive[:200]))
    assert np.allclose(np.log10(model.predict(TEST).upper), plain.predict(TEST).upper)
    assert model.error_unit == "decades"
    with pytest.raises(PropertyModelError, match="'property' has the value -1, which has no logarithm"):
        model.fit(TRAIN, np.append(positive[:199], -1.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "network"}, "'network' is no kind of model, choose from kernel_ridge"),
        ({"scale": "root"}, "'root' is no scale"),
        ({"kind": ["ensemble"]}, "is no kind of model"),
        ({"settings": {"depth": 3}}, "a model 'ensemble' has no setting 'depth', choose from folds"),
    ],
)
def test_what_cannot_be_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        PropertyModel(SPEC, **options)


def test_one_chemical_system_leaves_nothing_to_calibrate_with() -> None:
    same = Compounds.of_compositions(np.tile([3, 8], (20, 1)), np.column_stack([np.arange(1, 21), np.ones(20)]))
    with pytest.raises(PropertyModelError, match="two chemical systems"):
        PropertyModel(SPEC, "kernel_ridge").fit(same, np.arange(20.0))


def test_a_file_whose_parts_do_not_fit_is_refused() -> None:
    file = PropertyModel(SPEC, "kernel_ridge").fit(TRAIN, TARGETS[:200]).to_file()
    half = {"blocks": file.features["blocks"][:1]}
    for broken in (
        ModelFile("property.network", file.arrays, file.hyperparameters, file.features),
        ModelFile(file.kind, file.arrays, file.hyperparameters, half),
        ModelFile(file.kind, {}, file.hyperparameters, file.features),
        ModelFile(file.kind, file.arrays, {}, file.features),
    ):
        with pytest.raises(ModelFileError):
            PropertyModel.from_file(broken)
