"""Options and files become the inputs of a dataset; the command itself is tested in test_spectra.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk
from ase.io import write
from core_hole_data import oxygen_pair

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.spectra_configuration import builder, edges_of, read, wanted_edges
from aiida_gbml.cli.spectra_subjects import find_subject

EXAMPLES = Path(__file__).parents[2] / "examples"


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


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(EXAMPLES.glob("*.yaml")) if "launch spectra" in path.read_text(encoding="utf-8")],
    ids=lambda path: path.stem,
)
def test_examples_of_spectra_are_read(path: Path) -> None:
    """The structures are beside the file."""
    settings = read(path)
    assert wanted_edges(settings)
    assert all(structure.exists() for structure in settings.get("structures", []))


@pytest.mark.usefixtures("aiida_profile_clean")
def test_options_of_the_scheduler_reach_the_jobs_of_both_programs(
    aiida_code_installed: Callable[..., Any], tmp_path: Path
) -> None:
    oxygen_pair()
    write(tmp_path / "oxygen.cif", bulk("O", "fcc", a=4.0))
    plugins = {"pw_code": "quantumespresso.pw", "xspectra_code": "gbml.xspectra"}
    codes = {
        name: aiida_code_installed(default_calc_job_plugin=plugin, filepath_executable="/bin/true").full_label
        for name, plugin in plugins.items()
    }
    settings = {
        "structures": [tmp_path / "oxygen.cif"],
        "edges": [{"element": "O", "edge": "K"}],
        "options": {"account": "my-project", "max_wallclock_seconds": 600},
        **codes,
    }
    site = builder(settings, find_subject(settings)).site
    for job in (site["pw"]["pw"], site["xspectra"]["xspectra"]):
        assert job["metadata"]["options"]["account"] == "my-project"
        assert job["metadata"]["options"]["max_wallclock_seconds"] == 600
