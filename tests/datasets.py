"""A dataset of spectra that needs no program: the real chain, with children that make up what they return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, calcfunction
from ase import Atoms
from ase.build import bulk
from core_hole_data import oxygen_pair, upf_node

from aiida_gbml.data.spectrum import SpectrumData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.fan_out import Launch
from aiida_gbml.workflows.spectra.dataset import SpectraDatasetWorkChain
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

THRESHOLD = 530.0  # eV
O_K = [{"element": "O", "edge": "K"}]


@calcfunction
def make_ground_state(structure: orm.StructureData) -> dict[str, orm.Data]:
    """Return what a self-consistent calculation leaves behind.

    :param structure: in Å.
    """
    bands = orm.BandsData()
    bands.set_kpoints([[0.0, 0.0, 0.0]])
    bands.set_bands(np.zeros((1, 2)), units="eV")
    computer = orm.QueryBuilder().append(orm.Computer).first(flat=True)
    remote = orm.RemoteData(computer=computer, remote_path="/nowhere")
    found = {"remote_folder": remote, "output_parameters": orm.Dict({"energy": -1.0}), "output_band": bands}
    return {**found, "retrieved": orm.FolderData()}


@calcfunction
def make_spectrum(
    structure: orm.StructureData, site: orm.Int, treatment: orm.Str, plan: orm.Dict
) -> dict[str, orm.Data]:
    """Return a line that lies the higher, the higher the index of the site.

    :param structure: of the user.
    :param site: index of the atom.
    :param treatment: of the hole.
    :param plan: element, edge and multiplicity.
    """
    position = THRESHOLD + site.value
    energy = np.arange(THRESHOLD - 5.0, THRESHOLD + 15.0, 0.1)
    details = {
        **plan.get_dict(),
        "treatment": treatment.value,
        "site": site.value,
        "formula": structure.get_formula("hill_compact"),
        "alignment": "transition_energy",
        "energy_zero": 5.0,
        "transition_energy": position,
        "empirical_offset": 0.0,
        "polarisation": "powder",
        "broadening": "none",
        "warnings": [],
    }
    spectrum = SpectrumData(energy, np.exp(-((energy - position) ** 2)), details=details)
    return {"spectrum": spectrum, "plan": orm.Dict(plan.get_dict())}


class FakeGround(PwRestartWorkChain):
    """A ground state that costs nothing; some fail."""

    fail: ClassVar[bool] = False

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.outline(cls.pretend)

    def pretend(self) -> ExitCode | None:
        if self.fail:
            return self.exit_codes.ERROR_OUT_OF_MEMORY
        self.out_many(self.call_once("make", make_ground_state, structure=self.inputs.pw.structure))
        return None


class FakeSite(CoreHoleSpectrumWorkChain):
    """Spectra that cost nothing; those of some sites fail."""

    fail: ClassVar[frozenset[int]] = frozenset()

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.outline(cls.pretend)

    def pretend(self) -> ExitCode | None:
        site, plan = self.inputs.site, orm.Dict({"element": "O", "edge": self.inputs.edge.value, "multiplicity": 1})
        if site.value in self.fail:
            return self.exit_codes.ERROR_SCF_FAILED.format(run="full", reason="it did not converge")
        made = {
            treatment: self.call_once(
                f"make_{treatment}",
                make_spectrum,
                structure=self.inputs.structure,
                site=site,
                treatment=orm.Str(treatment),
                plan=plan,
            )
            for treatment in self.inputs.treatments
        }
        self.out("spectra", {treatment: one["spectrum"] for treatment, one in made.items()})
        self.out("plan", next(iter(made.values()))["plan"])
        self.out("supercell", self.inputs.ground_state.structure)
        return None


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let datasets launch children that pretend."""
    build = SpectraDatasetWorkChain._build
    fakes = {PwRestartWorkChain: FakeGround, CoreHoleSpectrumWorkChain: FakeSite}

    def pretending(self: SpectraDatasetWorkChain, label: str) -> Launch:
        process, inputs = build(self, label)
        return fakes[process], inputs

    monkeypatch.setattr(SpectraDatasetWorkChain, "_build", pretending)
    return None


def magnesia(a: float = 4.212) -> Atoms:
    """Return the primitive cell."""
    return bulk("MgO", "rocksalt", a=a)


def chain_of_oxygen(count: int) -> Atoms:
    """Return a molecule of oxygen atoms, of which no two are equal."""
    places = np.cumsum([0.0, *(2.0 + 0.1 * number for number in range(count - 1))])
    return Atoms(f"O{count}", positions=[(0.0, 0.0, z) for z in places])


@pytest.fixture
def spectra_dataset(
    aiida_profile: Any, aiida_code_installed: Callable[..., orm.InstalledCode], no_programs: None
) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of a dataset of oxygen."""
    codes = [
        aiida_code_installed(label=plugin, default_calc_job_plugin=plugin, filepath_executable="/bin/true")
        for plugin in ("quantumespresso.pw", "gbml.xspectra")
    ]

    def make(structures: Sequence[Atoms], treatments: Sequence[str] = ("full",), **options: Any) -> ProcessBuilder:
        labels = [f"structure {row}" for row in range(len(structures))]
        given = StructureSetData(StructureSet.from_ase(structures, structure_label=labels))
        overrides = {"cell": {"min_distance": 4.0}, **options.pop("overrides", {})}
        datasets = {"pairs": {"O": {"full": oxygen_pair()}}, "pseudos": {"Mg": upf_node("Mg", 2.0)}}
        return SpectraDatasetWorkChain.get_builder_from_protocol(
            *codes, given, O_K, treatments, overrides=overrides, **{**datasets, **options}
        )

    return make
