"""Which pictures there are of which spectra."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.cli.reports.spectra_pictures import draw_tables
from aiida_gbml.science.spectra.dataset import SpectraTable, concatenate, table_from_rows

ENERGY = np.arange(530.0, 550.0, 0.5)


def table(treatments: tuple[str, ...], structures: int = 1) -> SpectraTable:
    rows = [
        {
            "element": "O",
            "edge": "K",
            "site": site,
            "multiplicity": 1 + site,
            "treatment": treatment,
            "structure_uuid": str(structure),
            "formula": "H2O",
            "distance_from_boundary": 1.0 + site,
            "energy": ENERGY,
            "intensity": np.exp(-((ENERGY - 535 - site) ** 2)),
        }
        for structure in range(structures)
        for site in range(2)
        for treatment in treatments
    ]
    return table_from_rows(rows, 0.5)


def names(paths: list[Path]) -> list[str]:
    assert all(path.exists() for path in paths)
    return [path.name for path in paths]


def test_there_is_a_picture_of_whatever_there_are_several(tmp_path: Path) -> None:
    stem = tmp_path / "folder" / "a"
    assert names(draw_tables([table(("full",))], [], stem, ["png"], None)) == ["a_O_K_0_sites_full.png"]
    found = names(draw_tables([table(("none", "full"), 2)], ["treatments", "sum"], stem, ["svg"], None))
    assert found == [*(f"a_O_K_{one}_treatments.svg" for one in (0, 1)), "a_O_K_sum_none.svg", "a_O_K_sum_full.svg"]


def test_spectra_under_different_settings_are_not_averaged(tmp_path: Path) -> None:
    one, other = table(("full",)), table(("full",))
    both = concatenate(
        [
            replace(one, columns={**one.columns, "settings_md5": np.full(2, "a")}),
            replace(other, columns={**other.columns, "settings_md5": np.full(2, "b")}),
        ]
    )
    found = names(draw_tables(both, ["sites", "treatments"], tmp_path / "a", ["png"], None))
    assert found == [f"a_O_K_0_{name}.png" for name in ("sites_full", "sites_full_2", "treatments")]


@pytest.mark.parametrize("name", ["structure_label", "formula"])
def test_structures_without_uuids_are_told_apart_by_what_else_names_them(name: str, tmp_path: Path) -> None:
    """Tables that were read from a file know no nodes."""
    given = table(("full",), 2)
    columns = {key: column for key, column in given.columns.items() if key != "structure_uuid"}
    named = replace(given, columns={**columns, name: given.columns["structure_uuid"]})
    found = names(draw_tables([named], ["sites"], tmp_path / "a", ["png"], None))
    assert found == ["a_O_K_0_sites_full.png", "a_O_K_1_sites_full.png"]


def test_one_atom_in_given_directions_is_told_from_an_average(tmp_path: Path) -> None:
    plain = table(("full",))
    along = replace(plain, columns={**plain.columns, "polarisation": np.full(2, "along (0 0 1)")})
    draw_tables([along], ["sites"], tmp_path / "a", ["svg"], None)
    draw_tables([plain], ["sites"], tmp_path / "b", ["svg"], None)
    told = {name: "one atom" in next(tmp_path.glob(f"{name}_*.svg")).read_text() for name in "ab"}
    assert told == {"a": True, "b": False}


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to draw as treatments"):
        draw_tables([table(("full",))], ["treatments"], tmp_path / "a", ["png"], None)


def test_a_measured_spectrum_is_moved_to_where_it_fits(tmp_path: Path) -> None:
    measured = tmp_path / "measured.csv"
    measured.write_text("\n".join(f"{x - 4.0},{np.exp(-((x - 536) ** 2))}" for x in ENERGY))
    assert len(draw_tables([table(("full",))], ["treatments"], tmp_path / "a", ["png"], measured)) == 1
    (tmp_path / "measured.doc").write_text("it is blue")
    with pytest.raises(ValueError, match=r"measured\.doc"):
        draw_tables([table(("full",))], ["treatments"], tmp_path / "a", ["png"], tmp_path / "measured.doc")
