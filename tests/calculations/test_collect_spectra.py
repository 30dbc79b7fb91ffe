"""Spectra and failures become rows that know their sites."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from datasets import THRESHOLD, make_spectrum

from aiida_gbml.calculations.collect_spectra import collect_spectra
from aiida_gbml.data.spectrum import SpectrumData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def spectrum(site: int, treatment: str) -> SpectrumData:
    structure = orm.StructureData(cell=np.eye(3) * 4)
    structure.append_atom(symbols="O", position=(0, 0, 0))
    plan = orm.Dict({"element": "O", "edge": "K", "multiplicity": 2})
    made = make_spectrum(structure=structure, site=orm.Int(site), treatment=orm.Str(treatment), plan=plan)
    found: SpectrumData = made["spectrum"]
    return found


def sites(row: int, *indices: int, distance: float | None = None) -> orm.Dict:
    return orm.Dict(
        {
            "columns": {
                "formula": "O",
                "structure_md5": f"m{row}",
                "structure_uuid": f"u{row}",
                "structure_label": "a",
            },
            "reason": "",
            "sites": [
                {
                    "label": f"site_{row:05d}_O_K_{index:04d}",
                    "element": "O",
                    "edge": "K",
                    "site": index,
                    "multiplicity": 2,
                    "symmetry": "Oh",
                    "group": 0,
                    "distance_from_boundary": distance,
                    "keys": {"none": "n", "full": "f"},
                }
                for index in indices
            ],
        }
    )


def test_rows_come_in_the_order_of_structures_and_sites() -> None:
    nodes: dict[str, Any] = {
        "sites_00001": sites(1, 0, distance=1.5),
        "sites_00000": sites(0, 0, 3),
        "site_00000_O_K_0000_full": spectrum(0, "full"),
        "site_00000_O_K_0003_none": spectrum(3, "none"),
        "site_00001_O_K_0000_full": spectrum(0, "full"),
    }
    failures = {"site_00000_O_K_0003_full": {"reason": "out of memory", "calculation_uuid": "c"}}
    (table,) = collect_spectra(step=orm.Float(0.1), failures=orm.Dict(failures), **nodes)["dataset"].tables
    columns = {name: column.tolist() for name, column in table.columns.items()}
    assert columns["structure_uuid"] == ["u0", "u0", "u0", "u1"]
    assert columns["site"] == [0, 3, 3, 0]
    assert columns["treatment"] == ["full", "none", "full", "full"]
    assert columns["settings_md5"] == ["f", "n", "f", "f"]
    assert columns["status"] == ["ok", "ok", "failed", "ok"]
    assert columns["reason"][2] == "out of memory"
    assert columns["calculation_uuid"] == [
        nodes["site_00000_O_K_0000_full"].creator.uuid,
        nodes["site_00000_O_K_0003_none"].creator.uuid,
        "c",
        nodes["site_00001_O_K_0000_full"].creator.uuid,
    ]
    np.testing.assert_array_equal(table.columns["distance_from_boundary"], [np.nan, np.nan, np.nan, 1.5])
    assert columns["transition_energy"][:2] == [THRESHOLD, THRESHOLD + 3]
    assert set(columns["multiplicity"]) == {2}


def test_rows_that_all_failed_are_a_dataset_too() -> None:
    failures = {f"site_00000_O_K_0000_{one}": {"reason": "no", "calculation_uuid": ""} for one in ("none", "full")}
    made = collect_spectra(step=orm.Float(0.1), failures=orm.Dict(failures), sites_00000=sites(0, 0))["dataset"]
    assert (made.base.attributes.get("n_spectra"), made.base.attributes.get("n_failed")) == (2, 2)
