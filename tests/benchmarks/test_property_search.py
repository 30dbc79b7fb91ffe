"""The benchmark of searches over compounds counts evaluations, or says in a sentence why it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import property_search
import pytest
from ase import Atoms
from ase.io import write


def run(monkeypatch: pytest.MonkeyPatch, *options: object) -> None:
    monkeypatch.setattr(sys, "argv", ["property_search.py", "--descriptors", "composition", *map(str, options)])
    property_search.main()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    frames = [Atoms(one, cell=[3, 3, 3], pbc=True, info={"energy_gap": -float(n)}) for n, one in enumerate(SYMBOLS)]
    write(tmp_path / "table.extxyz", frames, format="extxyz")
    return tmp_path / "table.extxyz"


SYMBOLS = ("Li", "Na", "K", "Rb", "Cs", "Be", "Mg", "Ca", "Sr", "Ba")


def test_the_best_is_found_and_drawing_by_lot_is_counted_by_hand(table, monkeypatch, capsys) -> None:
    run(monkeypatch, "--table", table, "--property", "energy_gap", "--seeds", "3", "--tolerance", "0.5")
    found = json.loads(capsys.readouterr().out)
    assert found["n_good"] == 1
    assert found["random"] == {"q25": 3, "q50": 5, "q75": 8, "q90": 9}
    assert 1 <= found["evaluations"]["q50"] <= found["worst"] <= 10


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--scale", "log10"), "10 values of 'energy_gap' have no logarithm"),
        (("--seeds", "0"), "at least one seed is needed, got 0"),
        (("--goal", "target"), "give it with that goal only"),
        (("--property", "nothing"), "no frame has the entry 'nothing'"),
        (("--table", "nowhere.csv"), "No such file"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(table, monkeypatch, options, reason) -> None:
    """A table of which no value has a logarithm was searched for ever."""
    with pytest.raises(SystemExit, match=rf"^property_search.py: [^\n]*{reason}[^\n]*$"):
        run(monkeypatch, "--table", table, "--property", "energy_gap", *options)


def test_quantiles_of_draws_are_those_of_many_draws() -> None:
    generator = np.random.default_rng(0)
    firsts = np.argmax(generator.permuted(np.tile(np.arange(40) < 3, (20_000, 1)), axis=1), axis=1) + 1
    for quantile in (0.25, 0.5, 0.9):
        assert abs(property_search.random_quantile(40, 3, quantile) - np.quantile(firsts, quantile)) <= 1
