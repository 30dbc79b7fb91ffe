"""The ports of `SpectraDatasetWorkChain`, and how it can end."""

from __future__ import annotations

from collections.abc import Mapping

from aiida import orm
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.spectra import dataset_validation, validation
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain
from aiida_gbml.workflows.validators import validate_fraction, validate_positive

OF_A_SITE = ("structure", "site", "edge", "treatments", "pairs", "pseudos", "ground_state")
"""Inputs of a site that the dataset gives it."""

_PLANNED = ("cell", "polarisations", "alignment", "electronic_type", "kpoints_distance", "spectrum_kpoints_distance")
_OTHERS = ("empirical_offset", "broadening")


def define_inputs(spec: WorkChainSpec) -> None:
    """Declare what a dataset is told."""
    _define_subject(spec)
    _define_datasets(spec)
    spec.expose_inputs(CoreHoleSpectrumWorkChain, namespace="site", exclude=OF_A_SITE)
    spec.input(
        "energy_step",
        valid_type=orm.Float,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Float(0.05),
        validator=validate_positive,
        help="Step of the axis that all spectra of an edge share, in eV.",
    )
    spec.input(
        "max_concurrent",
        valid_type=orm.Int,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Int(2),
        validator=validate_positive,
        help="How many ground states and sites, of all structures, are computed at a time (a number).",
    )
    spec.input(
        "max_failed_fraction",
        valid_type=orm.Float,
        serializer=orm.to_aiida_type,
        default=lambda: orm.Float(0.5),
        validator=validate_fraction,
        help="Largest fraction (0 to 1) of failed rows that is no failure of the whole.",
    )
    spec.inputs.validator = dataset_validation.validate_dataset


def _define_subject(spec: WorkChainSpec) -> None:
    """Declare which spectra of what are wanted."""
    spec.input("structures", valid_type=StructureSetData, help="The structures; cells and positions in Å.")
    spec.input(
        "edges",
        valid_type=orm.List,
        serializer=orm.to_aiida_type,
        validator=dataset_validation.validate_edges,
        help="Mappings of `element` (symbol) and `edge` (K, L1, L2, L3 or L23).",
    )
    spec.input(
        "treatments",
        valid_type=orm.List,
        serializer=orm.to_aiida_type,
        default=lambda: orm.List(["full"]),
        validator=validation.validate_treatments,
        help="Treatments of the hole: none, half, full, excited.",
    )
    spec.input(
        "extend",
        valid_type=SpectraDatasetData,
        required=False,
        help="An earlier dataset whose rows are kept: what it holds of the same structures under the same settings "
        "is not computed again, but for its failed rows.",
    )


def _define_datasets(spec: WorkChainSpec) -> None:
    """Declare the pseudopotentials of all elements."""
    spec.input_namespace(
        "pairs",
        dynamic=True,
        valid_type=CoreHolePairData,
        help="For each absorbing element a mapping of `full` and `half` to pairs of datasets with that hole, in the "
        "shell that the edge excites.",
    )
    spec.input_namespace(
        "pseudos",
        dynamic=True,
        valid_type=UpfData,
        required=False,
        help="Pseudopotentials of the other elements, by symbol.",
    )


def define_outputs(spec: WorkChainSpec) -> None:
    """Declare what comes out, and how it can end."""
    spec.output(
        "dataset",
        valid_type=SpectraDatasetData,
        help="All spectra on one axis an edge in eV, a row a site and treatment, with those of `extend`; rows that "
        "failed have a reason.",
    )
    spec.exit_code(
        220,
        "ERROR_NO_SITES",
        message="No structure has an atom of the elements in `edges`, so that there is nothing to compute.",
    )
    spec.exit_code(
        420,
        "ERROR_TOO_MANY_FAILED",
        message="{n_failed} of {n_rows} spectra failed, more than `max_failed_fraction` allows. All rows are in the "
        "output `dataset`, and `aiida-gbml explain` lists the reasons with their remedies.",
    )


def plan_inputs(site: Mapping[str, orm.Data]) -> dict[str, orm.Data]:
    """Return those of the shared inputs of sites that decide about the cell and its k-points."""
    return {name: site[name] for name in _PLANNED} | {"xspectra_parameters": _xspectra(site)["parameters"]}


def settings_of(site: Mapping[str, orm.Data]) -> dict[str, orm.Data]:
    """Return those of the shared inputs of sites that decide about the spectrum, by a plain name each."""
    nodes = {name: site[name] for name in (*_PLANNED, *_OTHERS) if name in site}
    pw: Mapping[str, orm.Data] = site["pw"]["pw"]  # type: ignore[index]
    nodes |= {f"pw_{name}": pw[name] for name in ("parameters", "settings", "vdw_table") if name in pw}
    nodes["xspectra_parameters"] = _xspectra(site)["parameters"]
    return nodes


def _xspectra(site: Mapping[str, orm.Data]) -> Mapping[str, orm.Data]:
    """Return the inputs of the calculation of spectra."""
    inputs: Mapping[str, orm.Data] = site["xspectra"]["xspectra"]  # type: ignore[index]
    return inputs
