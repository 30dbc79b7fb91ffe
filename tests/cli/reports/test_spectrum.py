"""The spectra of a site, of a process that has ended and of one that has not begun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from datasets import make_spectrum

from aiida_gbml.cli.reports.spectrum import SpectrumReport

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def chain() -> orm.WorkChainNode:
    """Return a finished process with two treatments and their comparison."""
    node = orm.WorkChainNode()
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    node.store()
    structure = orm.StructureData(cell=np.eye(3) * 4)
    structure.append_atom(symbols="O", position=(0, 0, 0))
    plan = orm.Dict({"element": "O", "edge": "K", "multiplicity": 1})
    for treatment in ("none", "full"):
        made = make_spectrum(structure=structure, site=orm.Int(0), treatment=orm.Str(treatment), plan=plan)
        made["spectrum"].base.links.add_incoming(node, LinkType.RETURN, f"spectra__{treatment}")
    energies = {"transition_energy": 538.5, "core_term": 746.845}
    comparison = {"none_to_full": {"first_peak_shift": -0.6}}
    for name, values in (("energies", energies), ("comparison", comparison), ("plan", {"n_atoms": 16})):
        orm.Dict(values).store().base.links.add_incoming(node, LinkType.RETURN, name)
    return node


def test_a_process_tells_what_places_its_spectra_and_what_the_hole_changes(chain: orm.WorkChainNode) -> None:
    text = SpectrumReport(chain).text(10)
    assert text.startswith(f"Spectrum of a site {chain.pk}: finished")
    for words in ("n_atoms", "538.5000", "none to full:", "-0.6000", "full: 200 points from 525.0 to 544.9 eV"):
        assert words in text
    assert set(SpectrumReport(chain).content(5)["spectra"]) == {"none", "full"}
    assert SpectrumReport(chain).problems() == []


def test_treatments_are_drawn_over_each_other_and_written(chain: orm.WorkChainNode, tmp_path: Path) -> None:
    report = SpectrumReport(chain)
    (path,) = report.draw([], tmp_path, ["png"], None)
    assert path.name == f"spectrum_{chain.pk}_O_K_0_treatments.png"
    assert len(report.write("msa", tmp_path / "a.msa")) == 2


def test_without_spectra_there_is_nothing(tmp_path: Path) -> None:
    node = orm.WorkChainNode()
    node.set_process_state(ProcessState.CREATED)
    node.store()
    with pytest.raises(ValueError, match="has no spectra: it is created"):
        SpectrumReport(node).draw([], tmp_path, ["png"], None)
