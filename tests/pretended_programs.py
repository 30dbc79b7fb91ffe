"""Work chains in place of ``pw.x`` and ``xspectra.x`` for a spectrum: levels and spectra that anybody can add up."""

from __future__ import annotations

from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import ExitCode, WorkChain, calcfunction
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from aiida_gbml.workflows.fan_out import Launch
from aiida_gbml.workflows.spectra.convergence import CoreHoleConvergenceWorkChain
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

HOMO, LUMO, BAND = 0.0, 5.0, 0.25
ENERGIES = {"none": -100.0, "half": -200.0, "full": -290.0, "excited": -310.0}  # eV
FIRST_PEAK = 1.5  # eV above the lowest empty level


def treatment_of(system: Any) -> str:
    """Return the treatment that charge and spin tell."""
    by_charge = {0.5: "half", 1.0: "full"}
    return "excited" if system.get("nspin") == 2 else by_charge.get(system.get("tot_charge", 0.0), "none")


@calcfunction
def pretend_scf(parameters: orm.Dict) -> dict[str, orm.Data]:
    """Return flat bands: filled ones up to 0 eV, the excited electron at 3 eV, empty ones from 5 eV.

    :param parameters: of ``pw.x``; with the title 'metal' the empty bands begin below 0, with 'spinless' no band has a
        spin.
    """
    system = parameters["SYSTEM"]
    treatment = treatment_of(system)
    n_filled = system["nbnd"] - 5
    empty = np.arange(5) + (-0.5 if parameters["CONTROL"].get("title") == "metal" else LUMO)
    one = np.concatenate([HOMO - np.arange(n_filled)[::-1], empty])
    filled = (np.arange(len(one)) < n_filled).astype(float)
    bands, occupations = np.array([one, one + BAND]), np.array([2 * filled] * 2)
    if treatment == "excited" and parameters["CONTROL"].get("title") != "spinless":
        up = one.copy()
        up[n_filled - 1 :] = [3.0, *empty]
        bands, occupations = np.array([[up, up], [one, one]]), np.array([[filled, filled]] * 2)
        occupations[1, :, n_filled - 1] = 0
    node = orm.BandsData()
    node.set_kpoints([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
    node.set_bands(bands, units="eV", occupations=occupations)
    computer = orm.load_computer("localhost")
    return {
        "output_band": node,
        "output_parameters": orm.Dict({"energy": ENERGIES[treatment], "fermi_energy": 2.0}),
        "remote_folder": orm.RemoteData(computer=computer, remote_path=f"/nowhere/{treatment}"),
    }


@calcfunction
def pretend_spectrum(parent: orm.RemoteData, kpoints: orm.KpointsData, directions: orm.List) -> dict[str, Any]:
    """Return one peak for each direction, 1.5 eV above the lowest empty level, as high as the number of the direction.

    :param parent: says the treatment.
    :param kpoints: the peak moves up by 1 eV over the number of them along x.
    :param directions: of polarisation.
    """
    is_excited = parent.get_remote_path().endswith("excited")
    zero = 1.0 if is_excited else HOMO + BAND
    energy = np.linspace(-10.0, 30.0, 401)
    place = LUMO + FIRST_PEAK - zero + 1.0 / kpoints.get_kpoints_mesh()[0][0]
    peak = np.exp(-((energy - place) ** 2))
    spectra = {}
    for index, _ in enumerate(directions.get_list()):
        spectra[f"polarisation_{index}"] = orm.XyData()
        spectra[f"polarisation_{index}"].set_x(energy, "energy", "eV")
        spectra[f"polarisation_{index}"].set_y([(index + 1) * peak], ["sigma"], ["arb. units"])
    return {"output_parameters": orm.Dict({"energy_zero": zero, "warnings": []}), **spectra}


class PretendedPw(WorkChain):
    """In place of the restarting ``pw.x``; fails when the title says so."""

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Take whatever ``pw.x`` takes."""
        super().define(spec)
        spec.input_namespace("pw", dynamic=True)
        spec.inputs.dynamic = True
        spec.outputs.dynamic = True
        spec.outline(cls.pretend)
        spec.exit_code(410, "ERROR_PRETENDED", message="it was told to fail")

    def pretend(self) -> ExitCode | None:
        """Compute, or fail."""
        if self.inputs.pw.parameters["CONTROL"].get("title") == treatment_of(self.inputs.pw.parameters["SYSTEM"]):
            code: ExitCode = self.exit_codes.ERROR_PRETENDED
            return code
        self.out_many(pretend_scf(self.inputs.pw.parameters))
        return None


class PretendedXspectra(WorkChain):
    """In place of the restarting ``xspectra.x``; fails when there is no broadening."""

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Take whatever ``xspectra.x`` takes."""
        super().define(spec)
        spec.input_namespace("xspectra", dynamic=True)
        spec.inputs.dynamic = True
        spec.output_namespace("spectra", dynamic=True)
        spec.outputs.dynamic = True
        spec.outline(cls.pretend)
        spec.exit_code(410, "ERROR_PRETENDED", message="it was told to fail")

    def pretend(self) -> ExitCode | None:
        """Compute, or fail."""
        given = self.inputs.xspectra
        if given.parameters["PLOT"].get("xnepoint") == 13:
            code: ExitCode = self.exit_codes.ERROR_PRETENDED
            return code
        found = pretend_spectrum(given.parent_folder, given.kpoints, given.polarisations)
        self.out("output_parameters", found.pop("output_parameters"))
        self.out("spectra", found)
        return None


class PretendedSpectrum(CoreHoleSpectrumWorkChain):
    """The spectrum of a site without the programs."""

    def _build_scf(self, label: str) -> Launch:
        return PretendedPw, super()._build_scf(label)[1]

    def _build_spectrum(self, label: str) -> Launch:
        return PretendedXspectra, super()._build_spectrum(label)[1]


class PretendedConvergence(CoreHoleConvergenceWorkChain):
    """Its convergence without the programs."""

    def _build_spectrum(self, label: str) -> Launch:
        return PretendedSpectrum, super()._build_spectrum(label)[1]
