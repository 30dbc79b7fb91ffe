"""Pictures of a search: which files are made, and what is drawn of what was found."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib.pyplot as plt
import pytest
from aiida import orm
from aiida.engine import run_get_node

from aiida_gbml.cli import pictures
from aiida_gbml.cli.pictures import draw
from aiida_gbml.workflows.interfaces.view import SearchView

pytestmark = pytest.mark.usefixtures("aiida_profile")

KINDS = ("convergence", "gamma", "structure")


def test_every_picture_is_made_in_every_format(search: orm.WorkChainNode, tmp_path: Path) -> None:
    paths = draw(SearchView(search), KINDS, tmp_path / "new" / "folder", ("png", "svg"))
    assert [path.name for path in paths] == [
        f"search_{search.pk}_{kind}.{one}" for kind in KINDS for one in ("png", "svg")
    ]
    for path in paths:
        if path.suffix == ".png":
            assert plt.imread(path).std() > 0.01  # something is drawn
        else:
            assert ET.parse(path).getroot().tag.endswith("svg")  # noqa: S314  (we have written it)


def test_the_course_of_the_search_is_drawn_from_its_observations(
    search: orm.WorkChainNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {}

    def watched(energies: object, **others: object) -> object:
        given.update(others, energies=energies)
        return plt.figure()

    monkeypatch.setattr(pictures, "plot_convergence", watched)
    draw(SearchView(search), ["convergence"], tmp_path, ["svg"])
    assert list(given["energies"]) == list(search.outputs.observations.observations.energies)


def test_a_search_that_learns_nothing_has_no_model_to_draw(emt_search, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    _, node = run_get_node(emt_search(strategy={"method": "exhaustive"}, budget=3))
    assert len(draw(SearchView(node), ["convergence", "structure"], tmp_path, ["svg"])) == 2
    with pytest.raises(ValueError, match=f"search {node.pk} has no model of the energies over the translations"):
        draw(SearchView(node), ["gamma"], tmp_path, ["svg"])


@pytest.mark.parametrize("kind", ["gamma", "structure"])
def test_an_unfinished_search_has_nothing_to_draw(unfinished: orm.WorkChainNode, tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValueError, match=f"search {unfinished.pk} has no .*: it is created"):
        draw(SearchView(unfinished), [kind], tmp_path, ["png"])
    assert not list(tmp_path.iterdir())
