"""`verdi data gbml.ranking`, as a user types it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from aiida import orm
from aiida.common.links import LinkType
from click.testing import CliRunner
from rankings import ranked, shards_of
from score_kernels import TableKernel

from aiida_gbml.cli.ranking_data import ranking
from aiida_gbml.data.ranking import RankingData

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
KERNEL = TableKernel.whole(3, 51, 3)


def stored(**run: Any) -> RankingData:
    """Return the stored ranking of some hundred rows."""
    whole = ranked(KERNEL, size=200, **run)
    probability = np.where(np.arange(200) < 100, 0.125, np.nan)
    return RankingData(replace(whole, probability=probability, columns={"cp": whole.scores / 2})).store()


def call(*arguments: Any, expect: int = 0) -> str:
    result = CliRunner().invoke(ranking, [str(one) for one in arguments])
    assert result.exit_code == expect, result.output
    assert "Traceback" not in result.output
    return result.output


def test_rankings_are_found_by_what_they_are() -> None:
    tucker, cp = stored(), stored(model="cp")
    part = RankingData(ranked(KERNEL, 100, 0, 3, model="popularity").select(elements=["Ca"])).store()
    for options, found in (
        ([], [cp, tucker]),
        (["--shards"], [part, cp, tucker]),
        (["--model", "cp"], [cp]),
        (["-n", "3", "--element", "Fe", "--model", "tucker", "--limit", "1"], [tucker]),
    ):
        lines = call("list", "--raw", *options).splitlines()
        listed = [int(line.split()[0]) for line in lines]
        assert [pk for pk in listed if pk in {node.pk for node in found}] == [node.pk for node in found]
    assert "nothing fits" in call("list", "-n", "5")


def test_rows_are_looked_up_by_elements_anion_and_threshold() -> None:
    node = stored()
    fits = node.ranking.select(elements=["Fe"], anions=["O"], threshold=float(node.ranking.scores[150]))
    output = call("show", node.pk, "-e", "Fe", "-a", "O", "--threshold", float(node.ranking.scores[150]))
    assert f"{len(fits)} of 200 rows fit" in output
    assert "Licence: CC-BY-4.0" in output
    assert "Known until: unknown" in output
    aged = stored(training={"last_seen": 737424, "age_unit": "day"})
    assert "Known until: 2019-12-31" in call("show", aged.pk)
    assert "2019-12-31" in call("list", "--limit", "1")
    lines = call("show", node.pk, "--raw", "-e", "Fe", "--rows", "5").splitlines()
    chosen = node.ranking.select(elements=["Fe"])
    assert [line.split()[:2] for line in lines] == [
        [str(chosen.places[row]), chosen.composition(row).formula] for row in range(min(5, len(chosen)))
    ]
    assert "0.125" in call("show", node.pk, "--rows", "1")
    assert "nothing fits" in call("show", node.pk, "-n", "4")
    assert "'Qq' is no element" in call("show", node.pk, "-e", "Qq", expect=1)


def test_a_ranking_leads_back_to_the_recommendation_that_made_it() -> None:
    process, node = orm.WorkChainNode(label="oxides").store(), stored()
    node.base.links.add_incoming(process, LinkType.RETURN, "ranking")
    assert call("list", "--raw", "--limit", "1").split()[:3] == [str(node.pk), str(process.pk), "oxides"]
    assert f"Made by: recommendation {process.pk} 'oxides'" in call("show", node.pk)
    node.label = "mine"
    assert "mine" in call("list", "--limit", "1")
    assert "Missing shards" not in call("list")
    assert "Missing shards" in call("list", "--shards")


@pytest.mark.parametrize("fmt", ["csv", "parquet", "sqlite", "json"])
def test_what_fits_is_written(fmt: str, tmp_path: Path) -> None:
    node, path = stored(), tmp_path / "ranking"
    count = len(node.ranking.select(elements=["Na"]))
    assert f"wrote {count} rows to {path}" in call("export", node.pk, "-F", fmt, "-e", "Na", "-o", path)
    assert path.stat().st_size > 0
    if fmt == "csv":
        assert len(pd.read_csv(path)) == count
    assert "exists already" in call("export", node.pk, "-o", path, expect=1)


def test_missing_shards_are_pointed_out() -> None:
    node = RankingData(shards_of(KERNEL, 3)[0]).store()
    assert "2 of 3 shards are missing" in call("show", node.pk)
