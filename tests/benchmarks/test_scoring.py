"""The benchmark of scoring: its kernel is the product that it says, and shards that differ are noticed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scoring

from aiida_gbml.science.compounds.scoring.request import ShardRequest

CATIONS, ANION = [3, 12, 22, 26], 8
RATIO = [1, 2, 1, 3, 4]


def test_scores_are_sums_over_products_of_the_elements_and_their_coefficients() -> None:
    kernel = scoring.RandomKernel.of(rank=6, seed=1, is_symmetric=True)
    score = kernel.rows(np.array([CATIONS]), np.array([ANION]))[0] @ kernel.columns(np.array([RATIO]))[0]
    of_cations, of_anions, counts, counts_of_anions = kernel.tables
    expected = sum(
        of_anions[ANION, factor]
        * counts_of_anions[RATIO[-1], factor]
        * np.prod([of_cations[element, factor] * counts[n, factor] for element, n in zip(CATIONS, RATIO, strict=False)])
        for factor in range(6)
    )
    assert score == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("spoiled", "is_identical"), [(0.0, True), (1e-7, False)])
def test_shards_that_change_the_last_bits_are_noticed(
    monkeypatch: pytest.MonkeyPatch, spoiled: float, is_identical: bool
) -> None:
    def pretend(request: ShardRequest, _: object) -> SimpleNamespace:
        mine = np.arange(40, dtype=np.uint64)[request.shard :: request.n_shards]
        scores = np.cos(mine) + spoiled * (request.n_shards == 7)
        return SimpleNamespace(best=(scores, mine), histogram=np.bincount(mine % 5, minlength=5))

    monkeypatch.setattr(scoring, "stream_kernel", pretend)
    options = scoring.parser().parse_args(["--top-k", "5"])
    assert scoring._identical(None, options) == is_identical


def test_another_python_without_smact_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert scoring._smact(None) == {"smact_per_second": None}
    assert scoring._smact(tmp_path / "absent") == {"smact_per_second": None}
    assert "SMACT was not measured" in capsys.readouterr().err


def test_numbers_have_to_be_whole_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        scoring.parser().parse_args(["--shards", "0"])
    assert "'0' is no whole number from 1 on" in capsys.readouterr().err


def test_a_file_that_is_no_model_ends_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(b"no model")
    monkeypatch.setattr("sys.argv", ["scoring.py", "--model", str(tmp_path / "model.npz")])
    with pytest.raises(SystemExit) as ended:
        scoring.main()
    assert isinstance(ended.value.code, str)
    assert "\n" not in ended.value.code
