"""A dataset of spectra by the real programs: two crystals, one ground state each, and an extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node
from ase.build import bulk

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.spectra.dataset import SpectraDatasetWorkChain

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]

OPTIONS = {"resources": {"num_machines": 1}, "withmpi": False, "max_wallclock_seconds": 600}
LIGHT = {
    "cell": {"min_distance": 2.0},
    "kpoints_distance": 2.0,
    "spectrum_kpoints_distance": 2.0,
    "pw": {"pw": {"parameters": {"SYSTEM": {"ecutwfc": 25, "ecutrho": 200}}}},
    "xspectra": {"xspectra": {"parameters": {"PLOT": {"xnepoint": 401, "xgamma": 0.8}}}},
}
"""The primitive cell and one k-point: seconds, and no physics."""


@pytest.fixture
def computed(
    pw_code: orm.Code, xspectra_code: orm.Code, carbon_pair_data: Callable[..., CoreHolePairData]
) -> Callable[..., Any]:
    """Return a function that computes diamonds of some lattice constants (Å) and gives process and table."""
    pair = carbon_pair_data().store()

    def compute(*constants: float, **options: Any) -> Any:
        structures = StructureSet.from_ase([bulk("C", "diamond", a=a) for a in constants])
        builder = SpectraDatasetWorkChain.get_builder_from_protocol(
            pw_code,
            xspectra_code,
            StructureSetData(structures),
            [{"element": "C", "edge": "K"}],
            ("none", "full"),
            "fast",
            LIGHT,
            pairs={"C": {"full": pair}},
            options=OPTIONS,
            **options,
        )
        node: Any = run_get_node(builder)[1]
        assert node.is_finished_ok, (node.exit_message, node.exception)
        (table,) = node.outputs.dataset.tables
        return node, table

    return compute


def jobs(node: orm.WorkChainNode, label: str) -> list[orm.CalcJobNode]:
    """Return the jobs of a process that are of one kind."""
    return [one for one in node.called_descendants if one.process_label == label]


def test_a_crystal_and_another_one_that_is_added(computed: Callable[..., Any]) -> None:
    """Ground state, excited and charged cell: three runs a site, and another energy for another lattice."""
    node, table = computed(3.567)
    assert len(jobs(node, "PwCalculation")) == 3
    assert len(jobs(node, "XspectraCalculation")) == 2
    assert table.columns["treatment"].tolist() == ["none", "full"]
    assert not table.failed.any()
    heights = np.nanmax(table.intensity, axis=1)
    assert np.all(heights > 0)

    more, longer = computed(3.567, 3.65, extend=node.outputs.dataset)
    labels = [link.link_label for link in more.base.links.get_outgoing(link_type=LinkType.CALL_WORK).all()]
    assert sorted(labels) == ["ground_00001_0", "site_00001_C_K_0000"]
    np.testing.assert_array_equal(np.nanmax(longer.intensity[:2], axis=1), heights)
    energies = longer.columns["transition_energy"]
    assert np.all(np.abs(energies - 290) < 15)
    assert energies[2] == energies[3] != energies[0] == energies[1]
