"""The core-hole spectrum of one site on an absolute energy axis."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode, if_, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from aiida_gbml.calculations.assemble_spectra import assemble_spectra
from aiida_gbml.calculations.broaden_spectrum import broaden_spectrum
from aiida_gbml.calculations.compare_spectra import compare_spectra
from aiida_gbml.calculations.cut_below_excited import cut_below_excited
from aiida_gbml.calculations.cut_in_gap import cut_in_gap
from aiida_gbml.calculations.plan_absorption import plan_absorption
from aiida_gbml.calculations.unpack_core_hole_pair import unpack_core_hole_pair
from aiida_gbml.science.spectra.treatments import HOLE_OF, treatment_of
from aiida_gbml.workflows.evaluation.failure import failure_of
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.spectra import spectrum_ports
from aiida_gbml.workflows.spectra.given_ground_state import difference
from aiida_gbml.workflows.spectra.spectrum_protocol import SpectrumProtocol
from aiida_gbml.workflows.spectra.xspectra_base import XspectraRestartWorkChain

LEAST_GAP = 0.05
"""Gap in eV below which fixed occupations are no ground state."""

CAVEAT = 5
"""First digit of the exit codes of processes that have a result with a caveat."""

_PLANNED = ("structure", "site", "edge", "treatments", "cell", "polarisations", "alignment", "electronic_type")
_DISTANCES = ("kpoints_distance", "spectrum_kpoints_distance")


class CoreHoleSpectrumWorkChain(SpectrumProtocol, FanOut):
    """Compute the spectra of one site, one for each treatment of its core hole.

    A supercell keeps the images of the absorbing atom apart. ``pw.x`` computes it in the ground state, with each hole,
    and with the hole and its electron; those runs differ by the absorber's dataset, charge and spin only. From each
    wanted one ``xspectra.x`` computes the spectrum, in all directions of polarisation. The total energies, with what
    the cores of the atoms add, put all of them on one absolute axis.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        spectrum_ports.define_inputs(spec)
        spectrum_ports.define_outputs(spec)
        spec.outline(
            cls.plan_site,
            cls.unpack_pairs,
            while_(cls.should_run_scf)(cls.run_scf),
            cls.inspect_scf,
            cls.cut_occupied,
            while_(cls.should_run_xspectra)(cls.run_xspectra),
            cls.inspect_xspectra,
            cls.place_spectra,
            if_(cls.should_broaden)(cls.run_broadening),
            if_(cls.should_compare)(cls.run_comparison),
            cls.results,
        )

    # The cell

    def plan_site(self) -> ExitCode | None:
        """Build the supercell with the absorbing atom marked, and the inputs of every run."""
        self.ctx.warning = None
        given = {name: self.inputs[name] for name in (*_PLANNED, *_DISTANCES)}
        if "ground_state" in self.inputs:
            given["ground_state"] = self.inputs.ground_state.structure
        outputs = self.call_once(
            "plan_absorption",
            plan_absorption,
            pw_parameters=self.inputs.pw.pw.parameters,
            xspectra_parameters=self.inputs.xspectra.xspectra.parameters,
            pair=self._pair(),
            **given,
            **self._other_pseudos(),
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_INVALID_SITE", reason=outputs.message)
        self.ctx.planned = outputs
        self.ctx.supercell = outputs["supercell"] if "supercell" in outputs else given["ground_state"]
        if reason := self._foreign_ground_state():
            return self._exit("ERROR_INVALID_SITE", reason=reason)
        numbers = outputs["plan"]
        self.out("plan", numbers)
        self.out("supercell", self.ctx.supercell)
        self.report(f"{numbers['n_atoms']} atoms, images of the absorber {numbers['image_distance']:.1f} Å apart")
        return None

    def unpack_pairs(self) -> None:
        """Take the files out of the pairs of datasets that the runs need."""
        holes = {HOLE_OF[treatment_of(run)] for run in self._runs}
        pairs = self.inputs.pairs
        needed = {hole: pairs[hole] for hole in pairs if hole in holes} or pairs
        self.ctx.datasets = {
            hole: self.call_once(f"unpack_{hole}", unpack_core_hole_pair, pair=pair) for hole, pair in needed.items()
        }

    # The self-consistent calculations

    @property
    def scf_labels(self) -> list[str]:
        """Call-link labels of the self-consistent calculations that are not given."""
        given = ["none"] if "ground_state" in self.inputs else []
        return [f"scf_{run}" for run in self._runs if run not in given]

    def should_run_scf(self) -> bool:
        """Go on until every calculation has ended."""
        return bool(self.unfinished(self.scf_labels))

    def run_scf(self) -> None:
        """Launch as many calculations as may run at a time, and wait until one of them is done."""
        self.fan_out(self.scf_labels, self._build_scf, self.inputs.max_concurrent.value)

    def inspect_scf(self) -> ExitCode | None:
        """Go on when all have converged, and an insulator is one."""
        children = self.children("scf_")
        for label in self.scf_labels:
            if not children[label].is_finished_ok:
                reason = failure_of(children[label])["reason"]
                return self._exit("ERROR_SCF_FAILED", run=label.removeprefix("scf_"), reason=reason)
        for run in self._runs:
            if self.inputs.electronic_type.value == "insulator" and treatment_of(run) != "excited":
                homo, lumo = _edges_of_gap(self._scf(run)["output_band"])
                if lumo - homo < LEAST_GAP:
                    return self._exit("ERROR_NOT_INSULATING", run=run, homo=homo, lumo=lumo)
        return None

    def _build_scf(self, label: str) -> Launch:
        """Return the work chain and the inputs of one run."""
        run = label.removeprefix("scf_")
        absorber, symbols = self.ctx.planned["absorber"].value, self._other_pseudos()
        symbols[self._pair().base.attributes.get("element")] = self._ground()
        pseudos = {kind.name: symbols[kind.symbol] for kind in self.ctx.supercell.kinds}
        pseudos[absorber] = self._dataset(treatment_of(run))
        inputs = self.exposed_inputs(PwRestartWorkChain, namespace="pw", agglomerate=False)
        parameters = self.ctx.planned[f"parameters_{run}"]
        own = {"structure": self.ctx.supercell, "pseudos": pseudos, "parameters": parameters}
        return PwRestartWorkChain, {
            **inputs,
            "kpoints": self.ctx.planned["scf_kpoints"],
            "pw": {**inputs["pw"], **own},
        }

    # The spectra

    @property
    def spectrum_labels(self) -> list[str]:
        """Call-link labels of the calculations of spectra, one a treatment."""
        return [f"xspectra_{treatment}" for treatment in self.inputs.treatments.get_list()]

    def cut_occupied(self) -> ExitCode | None:
        """Choose the parameters of each spectrum, which in an insulator is cut in the gap."""
        planned, treatments = self.ctx.planned["xspectra_parameters"], self.inputs.treatments.get_list()
        self.ctx.cut = dict.fromkeys(treatments, planned)
        if self.inputs.electronic_type.value == "metal":
            return None
        for treatment in treatments:
            given = {"parameters": planned, "bands": self._start(treatment)["output_band"]}
            function = cut_below_excited if treatment == "excited" else cut_in_gap
            outputs = self.call_once(f"cut_{treatment}", function, **given)
            if isinstance(outputs, ExitCode):
                return self._exit("ERROR_NOT_CUT", treatment=treatment, reason=outputs.message)
            self.ctx.cut[treatment] = outputs["parameters"]
        return None

    def should_run_xspectra(self) -> bool:
        """Go on until every spectrum has been tried."""
        return bool(self.unfinished(self.spectrum_labels))

    def run_xspectra(self) -> None:
        """Launch as many spectra as may run at a time, and wait until one of them is done."""
        self.fan_out(self.spectrum_labels, self._build_spectrum, self.inputs.max_concurrent.value)

    def inspect_xspectra(self) -> ExitCode | None:
        """Go on when there is a spectrum for each treatment."""
        children = self.children("xspectra_")
        for label in self.spectrum_labels:
            if not _has_spectra(children[label]):
                reason = failure_of(children[label])["reason"]
                return self._exit("ERROR_XSPECTRA_FAILED", treatment=label.removeprefix("xspectra_"), reason=reason)
        return None

    def _build_spectrum(self, label: str) -> Launch:
        """Return the work chain and the inputs of the spectrum of one treatment."""
        treatment = label.removeprefix("xspectra_")
        inputs = self.exposed_inputs(XspectraRestartWorkChain, namespace="xspectra", agglomerate=False)
        own = {
            "parent_folder": self._start(treatment)["remote_folder"],
            "parameters": self.ctx.cut[treatment],
            "kpoints": self.ctx.planned["spectrum_kpoints"],
            "core_orbitals": next(iter(self.ctx.datasets.values()))["core_orbitals"],
            "absorber": self.ctx.planned["absorber"],
            "polarisations": self.ctx.planned["directions"],
            "pseudo": self._dataset(treatment),
        }
        return XspectraRestartWorkChain, {**inputs, "xspectra": {**inputs["xspectra"], **own}}

    # The result

    def place_spectra(self) -> ExitCode | None:
        """Weigh the directions and put all spectra on their energy axis."""
        outputs = self.call_once(
            "assemble",
            assemble_spectra,
            plan=self.ctx.planned["plan"],
            alignment=self.inputs.alignment,
            empirical_offset=self.inputs.empirical_offset,
            xspectra_parameters=self.ctx.planned["xspectra_parameters"],
            pair=self._pair(),
            **self._results(),
        )
        if isinstance(outputs, ExitCode):
            return self._exit("ERROR_NOT_ASSEMBLED", reason=outputs.message)
        self.ctx.energies = outputs.pop("energies")
        self.ctx.spectra = outputs
        self.out("energies", self.ctx.energies)
        self.out("spectra", self.ctx.spectra)
        return None

    def should_broaden(self) -> bool:
        """Broaden the spectra when widths are given."""
        return "broadening" in self.inputs

    def run_broadening(self) -> None:
        """Give the spectra the widths of an instrument and of lifetimes."""
        broadened = {}
        for treatment, spectrum in sorted(self.ctx.spectra.items()):
            given = {"spectrum": spectrum, "broadening": self.inputs.broadening}
            outputs = self.call_once(f"broaden_{treatment}", broaden_spectrum, **given)
            if isinstance(outputs, ExitCode):
                self.ctx.warning = {"what": "broadened", "reason": outputs.message}
            else:
                broadened[treatment] = outputs["broadened"]
        self.out("broadened", broadened)

    def should_compare(self) -> bool:
        """Compare the spectra when there are several."""
        return len(self.inputs.treatments) > 1

    def run_comparison(self) -> None:
        """Say in numbers what the core hole does."""
        outputs = self.call_once("compare", compare_spectra, **self.ctx.spectra)
        if isinstance(outputs, ExitCode):
            self.ctx.warning = {"what": "compared", "reason": outputs.message}
        else:
            self.out("comparison", outputs["comparison"])

    def results(self) -> ExitCode | None:
        """Say where the spectra begin, and what is to be said against them."""
        energy = self.ctx.energies["transition_energy"]
        where = "on a relative axis" if energy is None else f"transition energy {energy:.2f} eV"
        self.report(f"{', '.join(sorted(self.ctx.spectra))}: {where}")
        return self._exit("WARNING_NOT_FINISHED", **self.ctx.warning) if self.ctx.warning else None

    # What the steps share

    def _exit(self, label: str, **words: Any) -> ExitCode:
        """Return an exit code with its message filled in."""
        code: ExitCode = self.exit_codes[label]
        return code.format(**{name: word.rstrip(".") if name == "reason" else word for name, word in words.items()})

    def _pair(self) -> Any:
        """Return the pair whose ground state and core term are used: that of the full hole, if there is one."""
        pairs = self.inputs.pairs
        return pairs["full"] if "full" in pairs else pairs["half"]

    def _ground(self) -> orm.Data:
        """Return the dataset of the absorbing element in the ground state, which all its pairs share."""
        ground: orm.Data = next(iter(self.ctx.datasets.values()))["ground"]
        return ground

    def _dataset(self, treatment: str) -> orm.Data:
        """Return the dataset of the absorbing atom."""
        hole = HOLE_OF[treatment]
        dataset: orm.Data = self._ground() if hole is None else self.ctx.datasets[hole]["hole"]
        return dataset

    def _foreign_ground_state(self) -> str | None:
        """Return in what a ground state that is given differs from the runs of this site, or nothing."""
        if "ground_state" not in self.inputs:
            return None
        md5 = {symbol: pseudo.md5 for symbol, pseudo in self._other_pseudos().items()}
        own = self._pair().base.attributes
        md5[own.get("element")] = own.get("ground_md5")
        return difference(
            self.inputs.ground_state,
            self.ctx.planned["parameters_none"],
            self.ctx.planned["scf_kpoints"],
            {kind.name: md5[kind.symbol] for kind in self.ctx.supercell.kinds},
        )

    def _other_pseudos(self) -> dict[str, orm.Data]:
        """Return the datasets of the other elements of the structure."""
        element = self._pair().base.attributes.get("element")
        symbols = sorted(self.inputs.structure.get_symbols_set() - {element})
        return {symbol: self.inputs.pseudos[symbol] for symbol in symbols}

    @property
    def _runs(self) -> list[str]:
        """The self-consistent calculations that are needed."""
        runs: list[str] = self.ctx.planned["plan"]["runs"]
        return runs

    def _start(self, treatment: str) -> dict[str, orm.Data]:
        """Return the outputs of the run from which the spectrum of a treatment starts."""
        return self._scf(self.ctx.planned["plan"]["starts"][treatment])

    def _scf(self, run: str) -> dict[str, orm.Data]:
        """Return the outputs of a self-consistent calculation, which may have been given."""
        if run == "none" and "ground_state" in self.inputs:
            return dict(self.inputs.ground_state)
        outputs = self.children(f"scf_{run}")[f"scf_{run}"].outputs
        return {name: outputs[name] for name in ("remote_folder", "output_parameters", "output_band")}

    def _results(self) -> dict[str, orm.Data]:
        """Return the results of all calculations, by run or treatment and by kind."""
        found: dict[str, orm.Data] = {}
        for run in self._runs:
            scf = self._scf(run)
            found |= {f"{run}_scf": scf["output_parameters"], f"{run}_bands": scf["output_band"]}
        for label, child in self.children("xspectra_").items():
            treatment = label.removeprefix("xspectra_")
            found[f"{treatment}_report"] = child.outputs.output_parameters
            found |= {f"{treatment}_{name}": node for name, node in child.outputs.spectra.items()}
        return found


def _has_spectra(child: orm.ProcessNode) -> bool:
    """Return whether a child has a result, if with a caveat."""
    is_usable = child.is_finished_ok or (child.exit_status or 0) // 100 == CAVEAT
    return is_usable and "spectra" in child.outputs and "output_parameters" in child.outputs


def _edges_of_gap(bands: Any) -> tuple[float, float]:
    """Return the highest occupied and the lowest empty level in eV."""
    from aiida_gbml.science.spectra.transition_energy import levels

    found = levels(*bands.get_bands(also_occupations=True))
    return found.homo, float("inf") if found.lumo is None else found.lumo
