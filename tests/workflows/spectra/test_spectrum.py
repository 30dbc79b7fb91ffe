"""The order of work for the spectrum of a site, with programs that only pretend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from core_hole_data import CORE_TERM, oxygen_pair, oxygen_structure, upf_node
from pretended_programs import BAND, ENERGIES, FIRST_PEAK, LUMO, PretendedSpectrum, pretend_scf

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
TRANSITION = ENERGIES["excited"] - ENERGIES["none"] + CORE_TERM
SHIFT = 1.0  # eV, of the one k-point along x
_SYSTEM = {"ecutwfc": 40.0, "ecutrho": 320.0, "occupations": "fixed", "nbnd": 9}
"""Of the ground state of one unit of magnesia."""


@pytest.fixture
def computed(serial_code: Any) -> Callable[..., tuple[Any, orm.WorkChainNode]]:
    """Return a function that runs the work chain for the oxygen atom of a cubic cell."""

    def compute(title: str = "", overrides: Any = None, **changes: Any) -> tuple[Any, orm.WorkChainNode]:
        settings = {
            "cell": {"min_distance": 4.0},
            "kpoints_distance": 3.0,
            "spectrum_kpoints_distance": 3.0,
            "pw": {"pw": {"parameters": {"CONTROL": {"title": title}}}},
            **(overrides or {}),
        }
        builder = PretendedSpectrum.get_builder_from_protocol(
            serial_code("quantumespresso.pw", "/bin/true"),
            serial_code("gbml.xspectra", "/bin/true"),
            oxygen_structure("Mg", "O"),
            1,
            overrides=settings,
            **{"pairs": {"full": oxygen_pair()}, "pseudos": {"Mg": upf_node("Mg", 2)}, **changes},
        )
        outputs, node = run_get_node(builder)
        return outputs, node

    return compute


def labels(node: orm.WorkChainNode, prefix: str) -> set[str]:
    """Return the labels of the calls that begin with a prefix."""
    links = node.base.links.get_outgoing().all()
    return {link.link_label for link in links if link.link_label.startswith(prefix)}


def child(node: orm.WorkChainNode, label: str) -> orm.ProcessNode:
    """Return a call by its label."""
    return next(link.node for link in node.base.links.get_outgoing().all() if link.link_label == label)


def test_absolute_energies_put_the_lowest_empty_level_at_the_transition_energy(computed: Any) -> None:
    outputs, node = computed(treatments=["none", "full", "excited"])
    assert node.is_finished_ok, node.exit_message
    assert labels(node, "scf_") == {"scf_none", "scf_full", "scf_excited"}
    assert outputs["energies"]["transition_energy"] == pytest.approx(TRANSITION)
    for treatment, first in (("none", LUMO), ("full", LUMO), ("excited", 3.0)):
        spectrum = outputs["spectra"][treatment]
        peak = spectrum.energy[spectrum.intensity.argmax()]
        assert peak == pytest.approx(TRANSITION + LUMO + FIRST_PEAK + SHIFT - first, abs=0.051)
        assert spectrum.details["treatment"] == treatment
        assert spectrum.details["energy_zero"] == first
        assert (spectrum.details["element"], spectrum.details["site"]) == ("O", 1)
    assert set(outputs["comparison"].get_dict()) == {"none_to_full", "none_to_excited"}
    assert outputs["comparison"]["none_to_excited"]["first_peak_shift"] == pytest.approx(2.0, abs=0.02)


def test_each_run_has_the_dataset_of_its_treatment(computed: Any) -> None:
    _, node = computed(treatments=["full"])
    runs = {label: child(node, label) for label in labels(node, "scf_")}
    valences = {label: run.inputs.pw.pseudos["O1"].z_valence for label, run in runs.items()}
    assert valences == {"scf_none": 6, "scf_full": 7, "scf_excited": 7}
    assert {run.inputs.pw.structure.uuid for run in runs.values()} == {node.outputs.supercell.uuid}
    spectrum = child(node, "xspectra_full")
    assert spectrum.inputs.xspectra.pseudo.z_valence == 7
    assert spectrum.inputs.xspectra.absorber.value == "O1"


def test_other_alignments_need_neither_core_term_nor_excited_cell(computed: Any) -> None:
    outputs, node = computed(
        overrides={"alignment": "fermi"}, pairs={"half": oxygen_pair("half", energies=False)}, treatments=["half"]
    )
    assert node.is_finished_ok, node.exit_message
    assert labels(node, "scf_") == {"scf_half"}
    spectrum = outputs["spectra"]["half"]
    peak = spectrum.energy[spectrum.intensity.argmax()]
    assert peak == pytest.approx(LUMO + FIRST_PEAK + SHIFT - BAND, abs=0.051)  # from the highest occupied level
    assert spectrum.details["transition_energy"] is None
    onset = computed(overrides={"alignment": "onset"})[0]["spectra"]["full"]
    assert onset.energy[onset.intensity.argmax()] == pytest.approx(np.log(2) ** 0.5, abs=0.06)  # half width of the peak


def test_a_ground_state_that_is_given_is_not_computed_again(computed: Any) -> None:
    _, first = computed()
    ground = child(first, "scf_none")
    given = {name: ground.outputs[name] for name in ("remote_folder", "output_parameters", "output_band")}

    builder = first.get_builder_restart()
    builder.treatments = orm.List(["none", "full"])
    builder.ground_state = {"structure": first.outputs.supercell, **given}
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert labels(node, "scf_") == {"scf_full", "scf_excited"}
    assert outputs["energies"]["transition_energy"] == pytest.approx(TRANSITION)
    assert node.outputs.supercell.uuid == first.outputs.supercell.uuid
    parent = child(node, "xspectra_none").inputs.xspectra.parent_folder
    assert parent.uuid == given["remote_folder"].uuid


@pytest.mark.parametrize(
    ("title", "system", "status", "words"),
    [
        ("", {"ecutwfc": 55.0}, 201, "the ground state was computed with other parameters in SYSTEM"),
        ("metal", {}, 310, "'none' has no gap"),
    ],
)
def test_a_ground_state_that_is_given_must_fit(computed: Any, title: str, system: Any, status: int, words: str) -> None:
    _, first = computed(overrides={"alignment": "fermi"}, treatments=["none"], electronic_type="metal")
    outputs = pretend_scf(orm.Dict({"CONTROL": {"title": title}, "SYSTEM": _SYSTEM | system}))
    builder = first.get_builder_restart()
    builder.electronic_type = orm.Str("insulator")
    builder.ground_state = {"structure": first.outputs.supercell, **outputs}
    _, node = run_get_node(builder)
    assert node.exit_status == status
    assert words in node.exit_message


def test_directions_are_weighed_and_broadened_spectra_keep_their_area(computed: Any) -> None:
    vectors = {"mode": "vectors", "vectors": [[1, 0, 0], [0, 1, 0]]}
    outputs, node = computed(overrides={"polarisations": vectors, "broadening": {"gaussian": 1.0}})
    assert node.is_finished_ok, node.exit_message
    raw, broad = outputs["spectra"]["full"], outputs["broadened"]["full"]
    first, second = raw.directions.values()
    np.testing.assert_allclose(second, 2 * first)
    np.testing.assert_allclose(raw.intensity, 1.5 * first)
    assert raw.details["polarisation"] == "along (1 0 0), (0 1 0)"
    assert np.trapezoid(broad.intensity, broad.energy) == pytest.approx(np.trapezoid(raw.intensity, raw.energy), 1e-3)
    assert broad.intensity.max() < raw.intensity.max()
    assert broad.details["broadening"].endswith("gaussian 1 eV")


@pytest.mark.parametrize(
    ("title", "overrides", "status", "words"),
    [
        ("full", {}, 410, "'full' gave no result: PretendedPw ended with exit code 410"),
        ("metal", {}, 310, "choose 'metal'"),
        ("spinless", {}, 312, "cut from the spectrum 'excited': the excited cell has no spins"),
        ("", {"xspectra": {"xspectra": {"parameters": {"PLOT": {"xnepoint": 13}}}}}, 411, "'full' was not computed"),
        ("", {"cell": {"min_distance": 90.0}}, 201, "10000 atoms"),
    ],
)
def test_an_end_without_spectra_says_why(computed: Any, title: str, overrides: Any, status: int, words: str) -> None:
    outputs, node = computed(title, overrides, treatments=["full", *(["excited"] if title == "spinless" else [])])
    assert node.exit_status == status
    assert words in node.exit_message
    assert "spectra" not in outputs


def test_a_metal_is_aligned_by_its_fermi_energy(computed: Any) -> None:
    outputs, node = computed(
        electronic_type="metal", overrides={"pw": {"pw": {"parameters": {"SYSTEM": {"nbnd": 12}}}}}
    )
    assert node.is_finished_ok, node.exit_message
    assert outputs["spectra"]["full"].details["energy_zero"] == 2.0
    assert outputs["energies"]["full"]["level"] == 2.0
