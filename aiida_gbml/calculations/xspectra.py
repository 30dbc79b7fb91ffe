"""The job that computes the spectra of one absorber, one ``xspectra.x`` run for each direction of polarisation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from aiida import orm
from aiida.common import CalcInfo, CodeInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJobProcessSpec, PortNamespace
from aiida.engine.processes.calcjobs.calcjob import validate_calc_job
from aiida_pseudo.data.pseudo.upf import UpfData
from aiida_quantumespresso.calculations.namelists import NamelistsCalculation

from aiida_gbml.calculations.xspectra_inputs import beginnings, check_parent, complete, save_folder
from aiida_gbml.science.engines.xspectra_input import (
    CORE_FILE,
    FOLDER,
    NEW,
    PREFIX,
    REPLOTTED,
    kpoints_line,
    run_name,
    run_namelists,
)

TIME_FRACTION = 0.8
"""Part of the wall time that the runs share; what is left is for writing the spectra."""


class XspectraCalculation(NamelistsCalculation):
    """Compute the spectra of the absorber in a converged ``pw.x`` run, whose files any number of jobs may share.

    With `save_folder` the Lanczos coefficients of an earlier job with the same transitions are used again: a run that
    was interrupted goes on, one that was complete is only plotted anew, with another broadening in seconds.
    """

    CACHE_VERSION: int | None = 1

    _default_parser = "gbml.xspectra"
    _DEFAULT_INPUT_FILE = f"{run_name(0)}.in"
    _DEFAULT_OUTPUT_FILE = f"{run_name(0)}.out"

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Declare ports and exit codes."""
        super().define(spec)
        _define_inputs(spec)
        spec.inputs.validator = validate_xspectra
        spec.output_namespace(
            "spectra",
            valid_type=orm.XyData,
            dynamic=True,
            required=False,
            help="`polarisation_0`, ... : x 'energy' (m,) in eV relative to the energy zero, y 'sigma' (m,) in arb. "
            "units, the same for all polarisations, and with spin 'sigma_up' and 'sigma_down'.",
        )
        spec.output(
            "output_parameters",
            valid_type=orm.Dict,
            required=False,
            help="`energy_zero`, `homo`, `lumo`, `fermi` (eV, scale of the bands; null when not known), `core_level` "
            "(eV), `lanczos_unconverged_fraction`, `warnings`, `version`, `cpu_seconds`, `wall_seconds`, `edge`, "
            "`calculation`, `polarisations` (k, 3).",
        )
        _define_exit_codes(spec)

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:
        """Write one input file for each direction of polarisation, and link the parent's files."""
        parameters, polarisations, xiabs = complete(self.inputs)
        starts = beginnings(self.inputs, parameters, polarisations)
        kpoints = kpoints_line(*self.inputs.kpoints.get_kpoints_mesh())
        for index, polarisation in enumerate(polarisations):
            namelists = run_namelists(
                parameters,
                polarisation,
                run_name(index),
                xiabs=xiabs,
                beginning=starts[index],
                time_limit=self._time_limit(len(polarisations)),
            )
            with folder.open(f"{run_name(index)}.in", "w", encoding="ascii") as handle:
                handle.write(self.generate_input_file(namelists) + kpoints)
        folder.get_subfolder(FOLDER, create=True)
        info = CalcInfo()
        names = [run_name(index) for index in range(len(polarisations))]
        info.codes_info = [self._code_info(name) for name in names]
        info.local_copy_list = self._files(names, starts)
        info.remote_symlink_list = [] if set(starts) == {REPLOTTED} else [self._parent_link()]
        info.retrieve_list = [f"{name}.{suffix}" for name in names for suffix in ("out", "dat", "sav")]
        return info

    def _code_info(self, name: str) -> CodeInfo:
        """Return how one run is started; errors of the operating system stand in its output too."""
        settings = self.inputs.settings.get_dict() if "settings" in self.inputs else {}
        code_info = CodeInfo()
        code_info.code_uuid = self.inputs.code.uuid
        code_info.cmdline_params = [*settings.get("CMDLINE", []), "-in", f"{name}.in"]
        code_info.stdout_name = f"{name}.out"
        code_info.join_files = True
        return code_info

    def _files(self, names: list[str], starts: list[str]) -> list[tuple[str, str, str]]:
        """Return the files to copy: core orbitals, and Lanczos coefficients that are used again."""
        core = self.inputs.core_orbitals
        copies = [(core.uuid, core.filename, CORE_FILE)]
        if "save_folder" in self.inputs:
            saved = save_folder(self.inputs.save_folder)
            used = [name for name, start in zip(names, starts, strict=True) if start != NEW]
            copies += [(saved.uuid, f"{name}.sav", f"{name}.sav") for name in used]
        return copies

    def _parent_link(self) -> tuple[str, str, str]:
        """Return the link to the parent's files, which the program only reads; its own scratch lies beside the link."""
        parent, inner = self.inputs.parent_folder, f"{FOLDER}/{PREFIX}.save"
        return parent.computer.uuid, str(PurePosixPath(parent.get_remote_path()) / inner), inner

    def _time_limit(self, n_runs: int) -> int | None:
        """Return the seconds after which each run stops by itself, when the job has a wall time."""
        seconds = self.inputs.metadata.options.get("max_wallclock_seconds")
        return None if seconds is None else max(1, int(TIME_FRACTION * seconds / n_runs))


def validate_xspectra(inputs: Mapping[str, Any], namespace: PortNamespace) -> str | None:
    """Return what is wrong with the inputs, as far as they are given, or with how they fit each other."""
    message = validate_calc_job(inputs, namespace)
    needed = ("parent_folder", "parameters", "kpoints", "core_orbitals", "absorber", "polarisations")
    if message is not None or any(inputs.get(name) is None for name in needed):
        return message
    settings = inputs["settings"].get_dict() if inputs.get("settings") is not None else {}
    if set(settings) - {"CMDLINE"}:
        return f"'settings' has {', '.join(sorted(settings))}, but only 'CMDLINE', a list of arguments, is known"
    try:
        parameters, polarisations, _ = complete(inputs)
        kpoints_line(*inputs["kpoints"].get_kpoints_mesh())
        starts = beginnings(inputs, parameters, polarisations)
        check_parent(inputs, needs_files=set(starts) != {REPLOTTED})
    except ValueError as exception:
        return str(exception)
    except AttributeError:
        return "the k-points are a list, expected a mesh: `KpointsData.set_kpoints_mesh`"
    return None


def _define_inputs(spec: CalcJobProcessSpec) -> None:
    """Declare what is computed, and from what."""
    spec.input(
        "parent_folder",
        valid_type=orm.RemoteData,
        help="Folder of the converged `pw.x` run whose absorber has a kind of its own; it is linked, not copied.",
    )
    spec.input(
        "parameters",
        valid_type=orm.Dict,
        serializer=orm.to_aiida_type,
        help="Namelists INPUT_XSPECTRA, PLOT, PSEUDOS and CUT_OCC in the words of `xspectra.x`, energies in eV, radii "
        "in bohr. Defaults: K edge, dipole, `xgamma` 0.3 (half width of the Lorentzian), -10 to 40 eV, 1000 points.",
    )
    spec.input("kpoints", valid_type=orm.KpointsData, help="Mesh of k-points; every point of it is computed.")
    spec.input(
        "core_orbitals",
        valid_type=orm.SinglefileData,
        help="Core orbitals of the absorber, in the order 1s, 2s, 2p, on the mesh of its pseudopotential (bohr).",
    )
    spec.input(
        "absorber", valid_type=orm.Str, serializer=orm.to_aiida_type, help="Name of the absorber's kind in the parent."
    )
    spec.input(
        "polarisations",
        valid_type=orm.List,
        serializer=orm.to_aiida_type,
        default=lambda: orm.List([[1.0, 0.0, 0.0]]),
        help="(k, 3) Cartesian directions of polarisation, of any length.",
    )
    spec.input(
        "pseudo",
        valid_type=UpfData,
        required=False,
        help="Pseudopotential that the absorber must have had in the parent; any other is refused.",
    )
    spec.input(
        "save_folder",
        valid_type=(orm.RemoteData, orm.FolderData),
        required=False,
        help="`retrieved` or `remote_folder` of an earlier job: its Lanczos coefficients are used again.",
    )


def _define_exit_codes(spec: CalcJobProcessSpec) -> None:
    """Declare what can go wrong; another run can be better, so nothing of it is cached."""
    spec.exit_code(
        320,
        "ERROR_PROGRAM_STOPPED",
        invalidates_cache=True,
        message="xspectra.x stopped at polarisation {index}: {reason}. Mend the inputs that it names.",
    )
    spec.exit_code(
        330,
        "ERROR_SPECTRUM_NOT_USABLE",
        invalidates_cache=True,
        message="The spectrum of polarisation {index} is not usable: {reason}. Check the disk, the GIPAW projectors "
        "of the pseudopotential and the energy range.",
    )
    spec.exit_code(
        501,
        "WARNING_LANCZOS_NOT_CONVERGED",
        message="{unconverged} of {chains} Lanczos chains ended before the accuracy 'xerror'. Raise 'xniter', or "
        "accept the spectra.",
    )
    spec.exit_code(
        510,
        "ERROR_INTERRUPTED",
        invalidates_cache=True,
        message="The time limit ended the Lanczos chains. Give the output `retrieved` to another job as `save_folder`.",
    )
