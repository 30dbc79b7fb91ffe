"""From the files of ``xspectra.x`` to spectra that confirm themselves."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode

from aiida_gbml.parsers.file_parser import FileParser
from aiida_gbml.science.engines.xspectra import (
    Report,
    Spectrum,
    XspectraOutputError,
    parse_spectrum,
    parse_stdout,
)
from aiida_gbml.science.engines.xspectra_input import SCALES, Namelists, complete_parameters, fermi_energy, run_name

UNIT = "arb. units"


class XspectraParser(FileParser):
    """Attach the spectra when those of all polarisations are whole, and in any case what standard output says."""

    CACHE_VERSION: int | None = 1

    def parse(self, **_: Any) -> ExitCode | None:
        """Return an exit code unless every spectrum is there."""
        parameters = complete_parameters(self.node.inputs.parameters.get_dict())
        polarisations = self.node.inputs.polarisations.get_list()
        reports = [parse_stdout(self._text(f"{run_name(index)}.out")) for index in range(len(polarisations))]
        summary = self._summary(reports, parameters, polarisations)
        self.out("output_parameters", orm.Dict(summary))
        if not all(report.is_complete and report.energy_zero is not None for report in reports):
            return self._failure(reports)
        for index in range(len(reports)):
            try:
                spectrum = self._spectrum(index, parameters)
            except XspectraOutputError as exception:
                return self._exit("ERROR_SPECTRUM_NOT_USABLE", index=str(index), reason=str(exception))
            self.out(f"spectra.{run_name(index)}", spectrum)
        unconverged, chains = sum(summary["lanczos_unconverged"]), sum(summary["lanczos_chains"])
        if unconverged and not any(report.is_saturated for report in reports):
            return self._exit("WARNING_LANCZOS_NOT_CONVERGED", unconverged=str(unconverged), chains=str(chains))
        return ExitCode(0)

    def _failure(self, reports: list[Report]) -> ExitCode | None:
        """Return why there are no spectra; what the scheduler has said already says more than a missing file."""
        for index, report in enumerate(reports):
            if report.failure is not None and not report.is_complete:
                return self._exit("ERROR_PROGRAM_STOPPED", index=str(index), reason=report.failure)
        if self.node.exit_status:
            return None
        if any(report.is_interrupted for report in reports):
            return self._exit("ERROR_INTERRUPTED")
        if not any(report.version for report in reports):
            return self._exit("ERROR_OUTPUT_STDOUT_MISSING")
        return self._exit("ERROR_OUTPUT_STDOUT_INCOMPLETE")

    def _spectrum(self, index: int, parameters: Namelists) -> orm.XyData:
        """Return the spectrum of one polarisation."""
        plot = parameters["PLOT"]
        text = self._text(f"{run_name(index)}.dat")
        spectrum = parse_spectrum(text, plot["xemin"], plot["xemax"], plot["xnepoint"])
        return _xy_data(spectrum, SCALES.get(parameters["INPUT_XSPECTRA"]["edge"], 1.0))

    def _summary(self, reports: list[Report], parameters: Namelists, polarisations: list[Any]) -> dict[str, Any]:
        """Return what the runs say, with what an earlier job said about the coefficients that were used again."""
        earlier = self._earlier()
        counts = {name: _counts(name, reports, earlier) for name in ("chains", "unconverged")}
        first = reports[0]
        levels = {name: _first(getattr(first, name), earlier.get(name)) for name in ("homo", "lumo", "fermi")}
        if (fermi := self._fermi_energy()) is not None:
            levels = {"homo": None, "lumo": None, "fermi": fermi}
        times = [(report.cpu_seconds or 0.0, report.wall_seconds or 0.0) for report in reports]
        summary = {
            "edge": parameters["INPUT_XSPECTRA"]["edge"],
            "calculation": parameters["INPUT_XSPECTRA"]["calculation"],
            "polarisations": polarisations,
            "energy_zero": first.energy_zero,
            **levels,
            "core_level": first.core_level,
            "lanczos_chains": counts["chains"],
            "lanczos_unconverged": counts["unconverged"],
            "lanczos_unconverged_fraction": sum(counts["unconverged"]) / max(sum(counts["chains"]), 1),
            "version": first.version,
            "cpu_seconds": sum(cpu for cpu, _ in times),
            "wall_seconds": sum(wall for _, wall in times),
        }
        return {**summary, "warnings": _warnings(summary, any(report.is_saturated for report in reports))}

    def _fermi_energy(self) -> float | None:
        """Return the Fermi energy of a parent with smeared occupations in eV."""
        parent = self.node.inputs.parent_folder.creator
        found = parent.outputs.output_parameters.get_dict() if "output_parameters" in parent.outputs else {}
        return fermi_energy(parent.inputs.parameters.get_dict(), found)

    def _earlier(self) -> dict[str, Any]:
        """Return the summary of the job whose coefficients were used again, empty without one."""
        if "save_folder" not in self.node.inputs:
            return {}
        outputs = self.node.inputs.save_folder.creator.outputs
        return dict(outputs.output_parameters.get_dict()) if "output_parameters" in outputs else {}

    def _text(self, name: str) -> str:
        """Return a retrieved file as text, empty without one."""
        return self._content(name).decode("latin-1")


def _xy_data(spectrum: Spectrum, scale: float) -> orm.XyData:
    """Return a spectrum as a node."""
    node = orm.XyData()
    node.set_x(spectrum.energy, "energy", "eV")
    curves = [spectrum.sigma, *([] if spectrum.by_spin is None else spectrum.by_spin)]
    names = ["sigma", "sigma_up", "sigma_down"][: len(curves)]
    node.set_y([scale * curve for curve in curves], names, [UNIT] * len(curves))
    return node


def _counts(name: str, reports: list[Report], earlier: dict[str, Any]) -> list[int]:
    """Return a count of Lanczos chains for each run, with those of an earlier job that it used."""
    before = earlier.get(f"lanczos_{name}", [])
    return [
        getattr(report, name) + (before[index] if report.is_resumed and index < len(before) else 0)
        for index, report in enumerate(reports)
    ]


def _first(new: Any, old: Any) -> Any:
    return old if new is None else new


def _warnings(summary: dict[str, Any], is_saturated: bool) -> list[str]:
    """Return the caveats in words."""
    found = []
    unconverged, chains = sum(summary["lanczos_unconverged"]), sum(summary["lanczos_chains"])
    if unconverged:
        found.append(f"{unconverged} of {chains} Lanczos chains ended before the accuracy 'xerror'")
    if is_saturated:
        found.append("the Lanczos chains span all plane waves: a higher cutoff of the wave functions would change them")
    if summary["edge"] in SCALES:
        found.append("L2 and L3 are added without their spin-orbit splitting")
    return found
