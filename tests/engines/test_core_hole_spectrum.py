"""Spectra of sites by the real programs, against published and independent numbers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida_pseudo.data.pseudo import UpfData
from ase import Atoms
from ase.build import bulk, molecule
from core_holes import STDOUT, run_ld1

from aiida_gbml.data.core_hole_pair import HOLES, CoreHolePairData
from aiida_gbml.science.engines.ld1 import parse_ld1
from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair
from aiida_gbml.science.spectra.recipes import recipes
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]
OPTIONS = {"resources": {"num_machines": 1}, "withmpi": False, "max_wallclock_seconds": 600}
HYDROGEN = Path("/usr/share/doc/quantum-espresso/examples/CPV/EXX-wf-example/H_HSCV_PBE-1.0.UPF.gz")


@pytest.fixture(scope="session")
def dataset(ld1_x: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], tuple[bytes, AtomEnergies]]:
    """Return a function that makes the dataset of a recipe with a hole, and gives the energies of its atom."""
    made: dict[tuple[str, str], tuple[bytes, AtomEnergies]] = {}

    def make(name: str, hole: str) -> tuple[bytes, AtomEnergies]:
        if (name, hole) not in made:
            recipe = recipes()[name]
            files = run_ld1(ld1_x, tmp_path_factory.mktemp(name), recipe, "1s", hole)
            found = parse_ld1(files[STDOUT].decode())
            assert found.all_electron_energy_ry is not None
            assert found.pseudo_energy_ry is not None
            energies = AtomEnergies(found.all_electron_energy_ry, found.pseudo_energy_ry)
            made[name, hole] = files[recipe.pseudo_filename("1s", hole)], energies
        return made[name, hole]

    return make


@pytest.fixture
def pair(dataset: Callable[[str, str], tuple[bytes, AtomEnergies]]) -> Callable[..., CoreHolePairData]:
    """Return a function that gives the pair of a recipe."""

    def node(name: str, hole: str = "full") -> CoreHolePairData:
        ground, hollow = dataset(name, "none"), dataset(name, hole)
        both = CoreHolePair(ground[0], hollow[0], "1s", HOLES[hole], ground[1], hollow[1], recipes()[name].checksum)
        facts = {"recipe": name, "cutoff_wfc": 32.0, "cutoff_rho": 256.0, "verdict": "passed"}
        return CoreHolePairData(both, facts)

    return node


@pytest.fixture
def computed(pw_code: orm.Code, xspectra_code: orm.Code) -> Callable[..., tuple[Any, orm.WorkChainNode]]:
    """Return a function that computes the spectra of a site."""

    def compute(atoms: Atoms, site: int, changes: Any = None, **keywords: Any) -> tuple[Any, orm.WorkChainNode]:
        plot = {"PLOT": {"xnepoint": 401, "xgamma": 0.6, "xemin": -10.0, "xemax": 30.0}}
        overrides = {"xspectra": {"xspectra": {"parameters": plot}}, **(changes or {})}
        structure = orm.StructureData(ase=atoms)
        builder = CoreHoleSpectrumWorkChain.get_builder_from_protocol(
            pw_code,
            xspectra_code,
            structure,
            site,
            "K",
            protocol="fast",
            overrides=overrides,
            options=OPTIONS,
            **keywords,
        )
        outputs, node = run_get_node(builder)
        assert node.is_finished_ok, (node.exit_status, node.exit_message)
        return outputs, node

    return compute


def test_oxygen_in_magnesia_feels_its_hole(computed: Any, pair: Any, dataset: Any) -> None:
    outputs, node = computed(
        bulk("MgO", "rocksalt", a=4.212),
        1,
        {"cell": {"min_distance": 2.9}, "kpoints_distance": 1.3, "spectrum_kpoints_distance": 1.3},
        treatments=["none", "full", "excited"],
        pairs={"full": pair("O")},
        pseudos={"Mg": UpfData(BytesIO(dataset("Mg_n", "none")[0]), filename="Mg.UPF")},
    )
    energies = outputs["energies"]
    # The measured edge lies at 537 eV; in so small a cell the excited electrons feel each other, which must be said.
    assert energies["transition_energy"] == pytest.approx(537.0, abs=6.0)
    assert energies["core_term"] == pytest.approx(746.845, abs=0.01)
    assert any("feel each other" in warning for warning in outputs["spectra"]["full"].details["warnings"])
    # A hole attracts: the first peak comes nearer to the threshold, the valence bands fall away from the empty ones.
    assert outputs["comparison"]["none_to_full"]["first_peak_shift"] < -0.5
    assert outputs["energies"]["full"]["homo"] < outputs["energies"]["none"]["homo"]
    excited = outputs["spectra"]["excited"]
    assert len(excited.directions) == 1  # a cubic site
    assert node.outputs.plan["multiplicity"] == 1
    below = excited.intensity[excited.energy < energies["transition_energy"] - energies["width"] - 2.0]
    assert below.max() < 0.1 * excited.intensity.max()


def test_carbon_in_methane_has_its_energy_and_no_direction(computed: Any, pair: Any) -> None:
    periodic = {"pw": {"parameters": {"SYSTEM": {"assume_isolated": "none"}}}}
    outputs, _ = computed(
        molecule("CH4"),
        0,
        {"cell": {"min_box": 7.0}, "polarisations": {"mode": "vectors", "vectors": np.eye(3).tolist()}, "pw": periodic},
        treatments=["full"],
        pairs={"full": pair("C")},
        pseudos={"H": UpfData(BytesIO(gzip.decompress(HYDROGEN.read_bytes())), filename="H.UPF")},
    )
    # E_TM of pw.x and ld1.x run by hand with the same files, box and cutoffs
    assert outputs["energies"]["transition_energy"] == pytest.approx(291.84, abs=0.1)
    spectrum = outputs["spectra"]["full"]
    for direction in spectrum.directions.values():  # tetrahedral: all directions are equal
        np.testing.assert_allclose(direction, spectrum.intensity, atol=5e-3 * spectrum.intensity.max())
