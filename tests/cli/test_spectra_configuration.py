"""Options and files become the inputs of a dataset; the command itself is tested in test_spectra.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.spectra_configuration import edges_of, read, wanted_edges


@pytest.mark.parametrize(
    ("elements", "edges", "found"),
    [
        (["O"], [], ["O K"]),
        (["O", "Mg"], [], ["O K", "Mg K"]),
        (["Si"], ["L2", "L3"], ["Si L2", "Si L3"]),
        (["Si", "O"], ["L23", "K"], ["Si L23", "O K"]),
    ],
)
def test_edges_belong_to_elements(elements: list[str], edges: list[str], found: list[str]) -> None:
    assert [f"{one['element']} {one['edge']}" for one in edges_of(elements, edges)] == found


def test_edges_that_belong_to_nobody_are_named() -> None:
    with pytest.raises(ConfigurationError, match="2 elements and 3 edges"):
        edges_of(["O", "Mg"], ["K", "L1", "L23"])
    with pytest.raises(ConfigurationError, match="which spectra"):
        wanted_edges({})


@pytest.mark.parametrize("name", sorted(path.name for path in Path("examples").glob("*.yaml")))
def test_examples_of_spectra_are_read(name: str) -> None:
    """Those of searches say so themselves; the structures are beside the file."""
    path = Path("examples") / name
    if "launch spectra" not in path.read_text(encoding="utf-8"):
        pytest.skip("an example of something else")
    settings = read(path)
    assert wanted_edges(settings)
    assert all(structure.exists() for structure in settings.get("structures", []))
