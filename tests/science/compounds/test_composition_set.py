"""Sets of compositions: distinct rows, exact bytes, and refusal of anything else."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.compounds.composition import Composition, parse_formula
from aiida_gbml.science.compounds.composition_set import (
    UNKNOWN,
    CompositionSet,
    CompositionSetError,
    Rejected,
    age_text,
    composition_keys,
)

FORMULAS = ("NaCl", "Fe2O3", "BaTiO3", "La300Mn7", "YBa2Cu3O7")


def made(*formulas: str, ages: list[int] | None = None, source: str = "made") -> CompositionSet:
    unit = "year" if ages else ""
    return CompositionSet.of([parse_formula(text) for text in formulas], None, ages, source, "CC0", (), unit)


COMPOSITIONS = st.dictionaries(st.integers(1, 118), st.integers(1, 65535), min_size=1, max_size=8).map(Composition.of)


@given(st.lists(COMPOSITIONS, max_size=20))
@settings(max_examples=50)
def test_bytes_give_back_the_set(compositions: list[Composition]) -> None:
    one = CompositionSet.of(compositions, source="é", licence="x")
    again = CompositionSet.from_bytes(one.to_bytes())
    assert [again[row] for row in range(len(again))] == list(dict.fromkeys(compositions))
    assert again.to_bytes() == one.to_bytes()
    assert (again.source, again.sha256, again.n_duplicates) == ("é", one.sha256, len(compositions) - len(one))


@given(st.lists(COMPOSITIONS, min_size=2, max_size=20, unique=True))
@settings(max_examples=50)
def test_keys_are_equal_for_equal_compositions_only(compositions: list[Composition]) -> None:
    one = CompositionSet.of(compositions)
    assert len(set(one.keys.tolist())) == len(compositions)
    alone = CompositionSet.of(compositions[:1])
    assert one.contains(alone).all()
    assert alone.contains(one).tolist() == [True] + [False] * (len(compositions) - 1)


def test_keys_do_not_depend_on_the_width() -> None:
    numbers, coefficients = np.array([[11, 17]], np.uint8), np.array([[1, 256]], np.uint16)
    wide = [np.pad(array, ((0, 0), (0, 3))) for array in (numbers, coefficients)]
    assert composition_keys(numbers, coefficients)[0] == composition_keys(*wide)[0]
    with pytest.raises(CompositionSetError, match="above 65535"):
        composition_keys(numbers, coefficients.astype(int) * 1000)


def test_repeated_compositions_are_kept_once_as_the_first_seen() -> None:
    same = [parse_formula(text) for text in ("NaCl", "Na2Cl2", "KCl", "Cl3Na3")]
    one = CompositionSet.of(same, ["a", "b", "c", "d"], [UNKNOWN, 2001, 1999, 2000], age_unit="year")
    assert one.formulas() == ["NaCl", "KCl"]
    assert one.ids.tolist() == ["d", "c"]
    assert one.first_seen.tolist() == [2000, 1999]
    assert one.n_duplicates == 2


def test_arity_formulas_and_parts() -> None:
    one = made(*FORMULAS)
    assert one.arity.tolist() == [2, 2, 3, 2, 4]
    assert one.take(one.arity == 2).formulas() == ["NaCl", "Fe2O3", "La300Mn7"]
    assert one.take(np.array([2])).to_bytes() == replace(made("BaTiO3"), ids=np.array(["2"])).to_bytes()
    assert len(one.take(np.zeros(5, dtype=bool))) == 0


def test_the_hash_does_not_depend_on_order_or_names() -> None:
    assert made("NaCl", "BaTiO3").sha256 == made("BaTiO3", "Cl2Na2", source="other").sha256
    assert made("NaCl").sha256 != made("NaCl2").sha256
    assert made("Fe", "O").sha256 != made("FeO").sha256


def test_rows_of_an_arity_have_its_width_even_when_there_are_none() -> None:
    rows, numbers, coefficients = made("NaCl", "Fe", "Na2O").of_arity(2)
    assert (rows.tolist(), numbers.tolist(), coefficients.tolist()) == ([0, 2], [[11, 17], [8, 11]], [[1, 1], [1, 2]])
    rows, numbers, coefficients = made("NaCl", "Fe").of_arity(4)
    assert (rows.shape, numbers.shape, coefficients.shape) == ((0,), (0, 4), (0, 4))


def test_a_cut_off_parts_a_set() -> None:
    one = made("NaCl", "KCl", "LiF", ages=[1999, 2000, 2001])
    assert one.before(2000).formulas() == ["NaCl"]
    assert one.since(2000).formulas() == ["KCl", "LiF"]
    with pytest.raises(CompositionSetError, match="2 of 2 compositions of 'made' have no first-seen"):
        made("NaCl", "KCl").before(1)


def test_joined_sets_keep_the_first_and_say_so() -> None:
    bad = (Rejected(3, "D2O", "isotope", "it is"),)
    first = replace(made("NaCl", "KCl", ages=[2000, 2001]), rejected=bad, n_duplicates=4)
    joined = first.joined(made("LiF", "NaCl", ages=[1990, 1980], source="more"))
    assert joined.formulas() == ["NaCl", "KCl", "LiF"]
    assert joined.first_seen.tolist() == [1980, 2001, 1990]
    assert (joined.source, joined.licence, joined.n_duplicates) == ("made and more", "CC0", 5)
    assert joined.rejected_counts() == {"isotope": 1}
    assert len(made().joined(made())) == 0


def test_sets_of_different_clocks_are_not_joined() -> None:
    years, numbers = made("NaCl", ages=[2000]), replace(made("KCl", ages=[7]), age_unit="identifier")
    with pytest.raises(CompositionSetError, match=r"different units \(identifier, year\)"):
        years.joined(numbers)
    assert years.joined(made("KCl")).age_unit == "year"


def changed(**arrays: np.ndarray) -> CompositionSet:
    return replace(made("NaCl", "KCl", ages=[1, 2]), **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"numbers": np.zeros((2, 0), np.uint8), "coefficients": np.zeros((2, 0), np.uint16)}, "do not fit"),
        ({"numbers": np.zeros(2, np.uint8)}, "do not fit"),
        ({"ids": np.array(["a"])}, "do not fit"),
        ({"numbers": np.array([[11, 17], [17, 19]])}, "kinds"),
        ({"ids": np.array([1, 2])}, "kinds"),
        ({"numbers": np.array([[11, 130], [17, 19]], np.uint8)}, "is no element"),
        ({"coefficients": np.array([[1, 0], [1, 1]], np.uint16)}, "has no coefficient"),
        ({"numbers": np.array([[17, 11], [17, 19]], np.uint8)}, "must ascend"),
        ({"coefficients": np.array([[2, 2], [1, 1]], np.uint16)}, "common divisor"),
        ({"coefficients": np.array([[1, 70000], [1, 1]], np.uint32)}, "above 65535"),
        ({"numbers": np.array([[11, 17], [11, 17]], np.uint8)}, "stands in two rows"),
        ({"first_seen": np.array([-2, 3])}, "negative"),
        ({"first_seen": np.array([2**63, 3], np.uint64)}, "64 bits"),
    ],
)
def test_arrays_that_are_no_set_are_refused(arrays: dict[str, np.ndarray], reason: str) -> None:
    with pytest.raises(CompositionSetError, match=reason):
        changed(**arrays)


def test_unknown_units_of_age_are_refused() -> None:
    with pytest.raises(CompositionSetError, match="not in 'moons'"):
        replace(made("NaCl"), age_unit="moons")


def refusal(content: bytes) -> str:
    """Return why bytes are refused, nothing if they are read."""
    try:
        CompositionSet.from_bytes(content)
    except CompositionSetError as error:
        return str(error)
    return ""


@given(st.data())
@settings(max_examples=200)
def test_damaged_bytes_are_refused_in_one_sentence(data: st.DataObject) -> None:
    content = bytearray(made(*FORMULAS, ages=[1, 2, 3, 4, 5]).to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    for damaged in (bytes(content), cut):
        assert "\n" not in refusal(damaged)


@pytest.mark.parametrize("record", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": 2, "rejected": []}', b"\xff"])
def test_records_of_another_form_are_refused(record: bytes) -> None:
    arrays = read_arrays(made("NaCl").to_bytes())
    with pytest.raises(CompositionSetError, match="no set of compositions"):
        CompositionSet.from_bytes(write_arrays({**arrays, "record": np.frombuffer(record, np.uint8)}))


def test_an_archive_that_unfolds_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("numbers.npy", b"\0" * 10_000_000)
    with pytest.raises(CompositionSetError):
        CompositionSet.from_bytes(buffer.getvalue())


def test_ages_as_text() -> None:
    assert age_text(date(2019, 12, 31).toordinal(), "day") == "2019-12-31"
    assert (age_text(2001, "year"), age_text(600_000, "identifier")) == ("2001", "600000")
    assert age_text(-1, "day") == age_text(None, "") == ""
