"""Quantum ESPRESSO's ``pw.x`` as an engine: one restarting work chain a structure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from ase.symbols import Symbols
from plumpy import PortNamespace

from aiida_gbml.calculations.collect_pw_results import collect_pw_results
from aiida_gbml.calculations.merge_structure_sets import merge_structure_sets
from aiida_gbml.calculations.prepare_pw_inputs import prepare_pw_inputs
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.engines.pw import PwInputError, check_structures
from aiida_gbml.workflows.evaluation.base import EvaluationWorkChain
from aiida_gbml.workflows.evaluation.failure import row_failure_of
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.fan_out import Launch
from aiida_gbml.workflows.levels import merge_in_levels

MOST_ROWS_AT_ONCE = 50
"""Rows collected in one step, which thus takes less than a second of the daemon's time."""

_PER_ATOM = {"conv_thr": ("ELECTRONS", "conv_thr_per_atom"), "etot_conv_thr": ("CONTROL", "etot_conv_thr_per_atom")}


class PwEvaluationWorkChain(EvaluationWorkChain):
    """Evaluate a set of structures with ``pw.x``, a few of them at a time; one that fails is a failed row.

    k-points follow from a distance in reciprocal space and thresholds from the number of atoms, so that a boundary and
    its bulk are computed alike. ``pw.x`` gives no force on a coordinate that is held, and relaxes ``isotropic`` cells
    in all their freedom: it is the symmetry of a cubic crystal that keeps its shape.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare the ports of ``pw.x`` and the outline."""
        super().define(spec)
        spec.expose_inputs(PwRestartWorkChain, namespace="base", exclude=("pw.structure", "pw.parent_folder"))
        spec.input(
            "extensive_parameters",
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Dict({}),
            help="Namelists like those of `base.pw.parameters` whose values, in Ry, are multiplied by the number of "
            "atoms of each structure: the thresholds of extensive energies.",
        )
        spec.input(
            "max_concurrent",
            valid_type=orm.Int,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Int(2),
            validator=_validate_max_concurrent,
            help="How many structures are computed at a time (dimensionless).",
        )
        spec.inputs.validator = _validate_inputs
        spec.outline(
            cls.setup,
            while_(cls.should_run_pw)(cls.run_pw),
            while_(cls.should_collect)(cls.collect_part),
            cls.results,
        )

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "pw.yaml"

    @classmethod
    def get_builder_from_protocol(
        cls,
        code: orm.AbstractCode,
        structures: StructureSetData,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        pseudo_family: str | None = None,
        options: Mapping[str, Any] | None = None,
        max_concurrent: int | None = None,
        mode: str = "relax",
        constraints: Mapping[str, str] | None = None,
        **pw: Any,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param code: ``pw.x``.
        :param structures: the structures to evaluate; their elements get pseudopotentials and cutoffs.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol, as nested as the inputs; absolute.
        :param pseudo_family: label of an installed family of pseudopotentials.
        :param options: scheduler options of every job.
        :param max_concurrent: how many structures are computed at a time.
        :param mode: 'static' or 'relax'.
        :param constraints: what may relax, see the input of that name; by default the atoms.
        :param pw: further keywords of ``PwBaseWorkChain.get_builder_from_protocol``, such as ``electronic_type``.
        :raises ValueError: for a protocol or family that is not known, or a family that lacks an element.
        """
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        changes = settings["base"] | ({} if pseudo_family is None else {"pseudo_family": pseudo_family})
        parallel = {} if code.with_mpi is None else {"withmpi": code.with_mpi}
        base = PwRestartWorkChain.get_builder_from_protocol(
            code, _one_of_each(structures), protocol, changes, options={**parallel, **(options or {})}, **pw
        )
        extensive = _extensive_parameters(
            PwRestartWorkChain.get_protocol_inputs(protocol, changes)["meta_parameters"], changes["pw"]["parameters"]
        )
        builder = cls.get_builder()
        builder.structures = structures
        builder.mode = orm.Str(mode)
        builder.constraints = orm.Dict({"atoms": "free", "cell": "fixed", **(constraints or {})})
        builder.max_failed_fraction = orm.Float(settings["max_failed_fraction"])
        builder.max_concurrent = orm.Int(settings["max_concurrent"] if max_concurrent is None else max_concurrent)
        builder.extensive_parameters = orm.Dict(extensive)
        builder.base = _without(base, extensive)
        return builder

    @classmethod
    def level_of_theory(cls, inputs: Mapping[str, Any]) -> str:
        """Return in words what inputs like those of a builder compute."""
        base = inputs["base"]
        system = base["pw"]["parameters"].get_dict()["SYSTEM"]
        pseudos = ", ".join(base["pw"]["pseudos"][kind].filename for kind in sorted(base["pw"]["pseudos"]))
        spacing = f", k-points {base['kpoints_distance'].value:g} 1/Å" if "kpoints_distance" in base else ""
        return f"DFT with {pseudos}, ecutwfc {system['ecutwfc']:g} Ry{spacing}"

    @property
    def labels(self) -> list[str]:
        """Call-link labels of the children, one a row."""
        return [f"row_{row:04d}" for row in range(len(self.inputs.structures))]

    def setup(self) -> None:
        """Begin with no part collected."""
        self.ctx.n_parts = 0

    def should_run_pw(self) -> bool:
        """Go on until every structure has been tried."""
        return bool(self.unfinished(self.labels))

    def run_pw(self) -> None:
        """Launch as many structures as may run at a time, and wait until one of them is done."""
        self.fan_out(self.labels, self._build_row, self.inputs.max_concurrent.value)

    def should_collect(self) -> bool:
        """Go on until every row is in one of the parts."""
        return bool(self.ctx.n_parts * MOST_ROWS_AT_ONCE < len(self.inputs.structures))

    def collect_part(self) -> None:
        """Join the results and the failures of the next rows into one set."""
        first = self.ctx.n_parts * MOST_ROWS_AT_ONCE
        trajectories, failures = {}, {}
        for label, child in self.children(labels=self.labels[first : first + MOST_ROWS_AT_ONCE]).items():
            if _has_result(child):
                trajectories[label] = child.outputs.output_trajectory
            else:
                failures[label] = row_failure_of(child)
        given = {"structures": self.inputs.structures, "failures": orm.Dict(failures), **trajectories}
        self.call_once(f"collect_{self.ctx.n_parts:04d}", collect_pw_results, **given)
        self.ctx.n_parts += 1

    def results(self) -> ExitCode | None:
        """Attach the rows of all parts as one set."""
        parts = [node.outputs.evaluated for node in self.children("collect_").values()]
        return self.conclude(merge_in_levels(parts, self._merge))

    def _merge(self, label: str, sets: Mapping[str, StructureSetData]) -> StructureSetData:
        """Return some parts as one."""
        merged: StructureSetData = self.call_once(label, merge_structure_sets, **sets)["merged"]
        return merged

    def _build_row(self, label: str) -> Launch:
        """Return the work chain and the inputs of one structure."""
        inputs = self.exposed_inputs(PwRestartWorkChain, namespace="base", agglomerate=False)
        shared = {name: self.inputs[name] for name in ("structures", "mode", "constraints", "extensive_parameters")}
        shared["parameters"] = inputs.pw.parameters
        if "settings" in inputs.pw:
            shared["settings"] = inputs.pw.settings
        row = label.rpartition("_")[2]
        own = self.call_once(f"prepare_{row}", prepare_pw_inputs, row=orm.Int(int(row)), **shared)
        pseudos = {kind: inputs.pw.pseudos[kind] for kind in own["structure"].get_kind_names()}
        return PwRestartWorkChain, {**inputs, "pw": {**inputs.pw, **own, "pseudos": pseudos}}


def _has_result(child: orm.ProcessNode) -> bool:
    """Return whether a child has a result: a final scf just above the thresholds of a cell relaxation is one."""
    codes = PwRestartWorkChain.exit_codes
    fine = (0, codes.ERROR_IONIC_CONVERGENCE_REACHED_EXCEPT_IN_FINAL_SCF.status)
    return child.exit_status in fine and "output_trajectory" in child.outputs


def _one_of_each(structures: StructureSetData) -> orm.StructureData:
    """Return a structure with one atom of each element of a set, for the choice of pseudopotentials and cutoffs."""
    structure = orm.StructureData(cell=[[10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 10.0]])
    for element in sorted(set(Symbols(structures.structures.numbers))):
        structure.append_atom(position=(0.0, 0.0, 0.0), symbols=element)
    return structure


def _extensive_parameters(per_atom: Mapping[str, float], given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the thresholds of a protocol that grow with the structure, without those that are given absolutely."""
    extensive: dict[str, dict[str, float]] = {}
    for name, (namelist, meta) in _PER_ATOM.items():
        if name not in given.get(namelist, {}):
            extensive.setdefault(namelist, {})[name] = per_atom[meta]
    return extensive


def _without(base: ProcessBuilder, extensive: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the inputs of the builder of one structure that hold for all structures."""
    inputs: dict[str, Any] = base._inputs(prune=True)
    inputs["pw"].pop("structure")
    parameters = inputs["pw"]["parameters"].get_dict()
    for namelist, values in extensive.items():
        for name in values:
            del parameters[namelist][name]
    inputs["pw"]["parameters"] = orm.Dict(parameters)
    return inputs


def _validate_max_concurrent(number: orm.Int | None, _: PortNamespace) -> str | None:
    if number is not None and number.value < 1:
        return f"max_concurrent is {number.value}, expected at least 1"
    return None


def _validate_inputs(inputs: Mapping[str, Any], _: PortNamespace) -> str | None:
    """Return what is wrong with how structures, constraints and pseudopotentials fit each other."""
    if any(name not in inputs for name in ("structures", "mode", "constraints", "base")):
        return None  # the ports themselves say what is missing
    structures = inputs["structures"].structures
    constraints = inputs["constraints"].get_dict()
    if not len(structures):
        return "there is no structure to evaluate"
    missing = set(Symbols(structures.numbers)) - set(inputs["base"].get("pw", {}).get("pseudos", {}))
    if missing:
        return f"there is no pseudopotential for {', '.join(sorted(missing))} in `base.pw.pseudos`"
    try:
        check_structures(
            structures, inputs["mode"].value, constraints.get("atoms", "free"), constraints.get("cell", "fixed")
        )
    except PwInputError as exception:
        return str(exception)
    return None
