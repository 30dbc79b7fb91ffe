"""Files of pictures."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from aiida_gbml.science.plot_style import save, with_unit


def drawing() -> Figure:
    figure = Figure()
    figure.subplots().plot([1, 2], [3, 4], label="excess energy (J/m²)")
    return figure


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("b.PNG", b"\x89PNG")])
def test_equal_figures_give_equal_files(tmp_path: Path, name: str, start: bytes) -> None:
    path = tmp_path / name
    save(drawing(), path)
    first = path.read_bytes()
    save(drawing(), path)
    assert path.read_bytes() == first
    assert first.startswith(start)


def test_other_file_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot save a picture as 'a\.jpg'"):
        save(drawing(), tmp_path / "a.jpg")


def test_labels_hold_the_unit_once() -> None:
    assert with_unit("gap", "eV") == "gap (eV)"
    assert with_unit("conductivity", "W/(m K)") == "conductivity, W/(m K)"
    assert with_unit("count", "") == "count"
