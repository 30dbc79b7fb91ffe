"""Inputs, outputs and exit codes of the spectrum of one site."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ProcessSpec
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.spectrum import SpectrumData
from aiida_gbml.science.spectra.absorption_cell import MIN_BOX, MIN_DISTANCE
from aiida_gbml.science.spectra.pair import EDGES
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.spectra import validation
from aiida_gbml.workflows.spectra.xspectra_base import XspectraRestartWorkChain
from aiida_gbml.workflows.validators import validate_positive

_SET_BY_PW = ("structure", "pseudos", "parent_folder")
_SET_BY_XSPECTRA = ("parent_folder", "core_orbitals", "absorber", "kpoints", "polarisations", "pseudo", "save_folder")
_KPOINTS = ("kpoints", "kpoints_distance", "kpoints_force_parity")

_CODES = (
    (201, "ERROR_INVALID_SITE", "The site cannot be computed: {reason}."),
    (
        310,
        "ERROR_NOT_INSULATING",
        "The calculation '{run}' has no gap (filled to {homo:.2f} eV, empty from {lumo:.2f} eV): choose 'metal'.",
    ),
    (311, "ERROR_NOT_ASSEMBLED", "The spectra cannot be put on an energy axis: {reason}."),
    (312, "ERROR_NOT_CUT", "The occupied states cannot be cut from the spectrum '{treatment}': {reason}."),
    (410, "ERROR_SCF_FAILED", "The self-consistent calculation '{run}' gave no result: {reason}"),
    (411, "ERROR_XSPECTRA_FAILED", "The spectrum '{treatment}' was not computed: {reason}"),
    (501, "WARNING_NOT_FINISHED", "The spectra are attached, but could not be {what}: {reason}."),
)


def define_inputs(spec: WorkChainSpec) -> None:
    """Declare what a spectrum is computed from."""
    _define_site(spec)
    _define_datasets(spec)
    _define_energies(spec)
    _define_programs(spec)
    _define_ground_state(spec)
    spec.inputs.validator = validation.validate_spectrum


def define_outputs(spec: WorkChainSpec) -> None:
    """Declare what comes out, and how it can end."""
    spectra = {"valid_type": SpectrumData, "dynamic": True, "required": False}
    spec.output_namespace("spectra", help="One spectrum a treatment: energies (m,) in eV, intensities (m,).", **spectra)
    spec.output_namespace("broadened", help="The same with the input `broadening`, energies in eV.", **spectra)
    spec.output(
        "energies",
        valid_type=orm.Dict,
        required=False,
        help="What places the spectra, in eV: `transition_energy`, `ground_energy`, `excited_energy`, `core_term`, and "
        "`homo`, `lumo`, `fermi`, `level` of each treatment.",
    )
    spec.output(
        "comparison",
        valid_type=orm.Dict,
        required=False,
        help="What the hole changes: shifts in eV and ratios for each pair of treatments, such as `none_to_full`.",
    )
    spec.output("supercell", valid_type=orm.StructureData, help="Cell with the absorbing atom as its own kind, in Å.")
    spec.output(
        "plan",
        valid_type=orm.Dict,
        help="Numbers of site and cell: multiplicity, `image_distance` (Å), k-point meshes.",
    )
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)


def _input(spec: ProcessSpec, name: str, kind: Any, default: Any = None, **options: Any) -> None:
    """Declare an input that takes a plain value as well, with its default."""
    if default is not None:
        options["default"] = lambda: kind(default)
    spec.input(name, valid_type=kind, serializer=orm.to_aiida_type, **options)


def _define_site(spec: WorkChainSpec) -> None:
    """Declare which atom absorbs, and how its surroundings are cut out."""
    spec.input("structure", valid_type=orm.StructureData, help="Crystal, slab or molecule; lengths in Å.")
    _input(spec, "site", orm.Int, help="Index of the absorbing atom in the structure, from 0.")
    edges = validation.one_of("edge", tuple(EDGES))
    _input(spec, "edge", orm.Str, validator=edges, help=f"Edge of its spectrum: {', '.join(EDGES)}.")
    _input(
        spec,
        "treatments",
        orm.List,
        ["full"],
        validator=validation.validate_treatments,
        help="Of the core hole, a spectrum each: 'none' (ground state), 'half', 'full', 'excited' (full hole and its "
        "electron).",
    )
    _input(
        spec,
        "cell",
        orm.Dict,
        {"min_distance": MIN_DISTANCE, "min_box": MIN_BOX},
        validator=validation.validate_cell,
        help="`min_distance` (Å) between the images of the absorbing atom, or the `matrix` of the supercell; `min_box` "
        "(Å), least edge of the box of a molecule.",
    )
    _input(
        spec,
        "polarisations",
        orm.Dict,
        {"mode": "powder"},
        validator=validation.validate_polarisations,
        help="`mode` 'powder'; 'vectors' with `vectors` (k, 3), Cartesian; or 'eels' with `beam` (3,), `energy_loss` "
        "(eV), `beam_energy` (keV) and `collection_semiangle` (mrad).",
    )


def _define_datasets(spec: WorkChainSpec) -> None:
    """Declare the pseudopotentials."""
    spec.input_namespace("pairs", help="Datasets of the absorbing element, made by one recipe.")
    for hole in ("half", "full"):
        spec.input(
            f"pairs.{hole}",
            valid_type=CoreHolePairData,
            required=False,
            help=f"Ground state and {hole} hole; absolute energies and excited cells need the full one.",
        )
    spec.input_namespace("pseudos", dynamic=True, valid_type=UpfData, help="Datasets of the other elements, by symbol.")
    _input(
        spec, "accept_failed_pseudos", orm.Bool, False, help="Compute with datasets that have not passed the checks."
    )


def _define_energies(spec: WorkChainSpec) -> None:
    """Declare where the spectra stand and how wide their lines are."""
    _input(
        spec,
        "alignment",
        orm.Str,
        "transition_energy",
        validator=validation.one_of("alignment", validation.ALIGNMENTS),
        help="Zero of the energies: 'transition_energy' (absolute, by total energies), 'fermi' (highest occupied "
        "level) or 'onset' (half height of the first peak).",
    )
    _input(spec, "empirical_offset", orm.Float, 0.0, help="Offset to experiment in eV; kept, never added to the axis.")
    _input(
        spec,
        "broadening",
        orm.Dict,
        required=False,
        validator=validation.validate_broadening,
        help="Full widths in eV: `gaussian`, `lorentzian`, `instrument`, `arctangent`; the result is `broadened`.",
    )


def _define_programs(spec: WorkChainSpec) -> None:
    """Declare how the programs run."""
    _input(
        spec,
        "electronic_type",
        orm.Str,
        "insulator",
        validator=validation.one_of("electronic type", validation.ELECTRONIC_TYPES),
        help="'insulator' (fixed occupations) or 'metal' (smeared, aligned by the Fermi energy).",
    )
    positive = {"validator": validate_positive}
    _input(spec, "kpoints_distance", orm.Float, 0.25, help="Between k-points of pw.x in 1/Å.", **positive)
    _input(spec, "spectrum_kpoints_distance", orm.Float, 0.25, help="Between those of xspectra.x in 1/Å.", **positive)
    _input(spec, "max_concurrent", orm.Int, 2, help="Most jobs at a time (a number).", **positive)
    left_out = (*(f"pw.{name}" for name in _SET_BY_PW), *_KPOINTS, "clean_workdir")
    spec.expose_inputs(PwRestartWorkChain, namespace="pw", exclude=left_out)
    left_out = (*(f"xspectra.{name}" for name in _SET_BY_XSPECTRA), "clean_workdir")
    spec.expose_inputs(XspectraRestartWorkChain, namespace="xspectra", exclude=left_out)


def _define_ground_state(spec: WorkChainSpec) -> None:
    """Declare the ground state that other sites of the structure share."""
    spec.input_namespace(
        "ground_state",
        required=False,
        populate_defaults=False,
        help="A ground state of the same supercell under the same settings, whose absorbing atom has its own kind.",
    )
    kinds = {
        "structure": (orm.StructureData, "The supercell, lengths in Å."),
        "remote_folder": (orm.RemoteData, "Folder of the finished calculation."),
        "output_parameters": (orm.Dict, "Its parsed output, energies in eV."),
        "output_band": (orm.BandsData, "Its bands, (k, n) or (2, k, n) in eV."),
    }
    for name, (kind, words) in kinds.items():
        spec.input(f"ground_state.{name}", valid_type=kind, help=words)
