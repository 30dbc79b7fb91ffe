"""From a recipe to datasets with a core hole that have proved themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, ProcessBuilder, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida_pseudo.data.pseudo import UpfData
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.calculations.assemble_core_hole_pair import assemble_core_hole_pair
from aiida_gbml.calculations.judge_core_hole_set import judge_core_hole_set
from aiida_gbml.calculations.ld1 import Ld1Calculation, validate_ld1
from aiida_gbml.calculations.prepare_reference_runs import prepare_reference_runs
from aiida_gbml.data.core_hole_pair import HOLES
from aiida_gbml.science.spectra.recipes import Recipe, find_recipe, recipes
from aiida_gbml.workflows.evaluation.failure import failure_of
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain
from aiida_gbml.workflows.fan_out import FanOut, Launch
from aiida_gbml.workflows.spectra.pseudos_ports import (
    define_datasets,
    define_outputs,
    define_runs,
    validate_core_hole_pseudos,
)


class CoreHolePseudosWorkChain(ProtocolMixin, FanOut):
    """Generate the dataset of a ground state and those with a hole, or take a user's, and try them.

    An atom that fits its dataset is not enough: sets that do can break a crystal. So the ground state must also give
    the lattice constant of a reference crystal, and the sets with a hole must converge in it. A set that fails is kept,
    with the verdict 'failed', and no spectrum is computed with it unless that is asked for.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        """Declare ports, outline and exit codes."""
        super().define(spec)
        define_datasets(spec)
        define_runs(spec)
        define_outputs(spec)
        spec.inputs.validator = validate_core_hole_pseudos
        spec.outline(
            while_(cls.should_run_ld1)(cls.run_ld1),
            cls.inspect_ld1,
            cls.prepare_runs,
            while_(cls.should_run_pw)(cls.run_pw),
            cls.judge_datasets,
            cls.assemble_pairs,
            cls.results,
        )

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "pseudos.yaml"

    @classmethod
    def get_builder_from_protocol(  # noqa: PLR0917  (the order is that of other plugins)
        cls,
        pw_code: orm.AbstractCode,
        recipe: str | Recipe,
        ld1_code: orm.AbstractCode | None = None,
        shell: str = "1s",
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        ground: UpfData | None = None,
        holes: Mapping[str, UpfData] | None = None,
        partners: Mapping[str, UpfData] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param pw_code: ``pw.x``.
        :param recipe: a recipe, its name, or an element. It makes the datasets unless they are given, and tells the
            crystal in which they are tried.
        :param ld1_code: ``ld1.x``; not needed when all datasets are given.
        :param shell: of the hole, '1s', '2s' or '2p'.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol, as nested as the inputs; absolute.
        :param ground: a user's dataset of the ground state.
        :param holes: a user's datasets with a 'half' or a 'full' hole.
        :param partners: datasets of the other elements of the crystal; by default their recipes make them.
        :param options: scheduler options of the jobs of ``pw.x``.
        :raises ValueError: for a recipe or protocol that is not known.
        """
        known = _find(recipe, shell) if isinstance(recipe, str) else recipe
        settings = cls.get_protocol_inputs(protocol, dict(overrides or {}))
        builder = cls.get_builder()
        builder.recipe = orm.Dict(known.to_mapping())
        builder.shell = orm.Str(shell)
        if ground is not None:
            builder.ground = ground
        builder.holes = dict(holes or {})
        if ld1_code is not None:
            builder["ld1"] = {"code": ld1_code}
        builder["partners"] = dict(partners or {})
        builder["partner_recipes"] = {
            other.element: orm.Dict(other.to_mapping())
            for other in (_find(name, shell) for name in known.crystal.partners)
            if other.element not in (partners or {})
        }
        builder.base = _base(pw_code, settings["base"], options or {})
        for name in ("kpoints_distance", "conv_thr_per_atom"):
            builder[name] = orm.Float(settings[name])
        builder.scales = orm.List(settings["scales"])
        builder.max_concurrent = orm.Int(settings["max_concurrent"])
        return builder

    @cached_property
    def sizes(self) -> list[str]:
        """Sizes of the holes that are wanted."""
        given = "ground" in self.inputs
        recipe = Recipe.from_mapping(self.inputs.recipe.get_dict())
        wanted = self.inputs.get("holes", {}) if given else recipe.holes.get(self.inputs.shell.value, ())
        return [size for size in HOLES if size in wanted]

    @property
    def atoms(self) -> list[str]:
        """Call-link labels of the jobs of ``ld1.x``."""
        own = [
            f"atom_{hole}" for hole in ("none", *self.sizes) if "ground" not in self.inputs or hole in self._testable
        ]
        return own + [f"partner_{element}" for element in sorted(self.inputs.get("partner_recipes", {}))]

    @property
    def crystals(self) -> list[str]:
        """Call-link labels of the runs of ``pw.x``."""
        return [f"crystal_{i}" for i in range(len(self.inputs.scales))] + [f"hole_{size}" for size in self.ctx.made]

    @cached_property
    def _testable(self) -> list[str]:
        """Holes of which the user's dataset can be tested in the atom."""
        return [
            hole
            for hole in ("none", *self.sizes)
            if "code" in self.inputs.get("ld1", {})
            and validate_ld1({**self._inputs_of_atom(hole), "pseudo": self._dataset(hole)}) is None
        ]

    def should_run_ld1(self) -> bool:
        """Go on until every dataset has been generated."""
        return self._has_left(self.atoms)

    def run_ld1(self) -> None:
        """Generate datasets."""
        self.fan_out(self.atoms, self._build_atom, self.inputs.max_concurrent.value)

    def inspect_ld1(self) -> ExitCode | None:
        """Go on with the holes whose dataset could be made; without those of the ground states there is no use.

        A user's datasets are there anyway: of those that ``ld1.x`` cannot read the atomic checks are missing.
        """
        failures = self._failures(self.atoms)
        for label, reason in failures.items():
            self.report(f"{label} failed: {reason}")
        given = "ground" in self.inputs
        self.ctx.made = [size for size in self.sizes if given or f"atom_{size}" not in failures]
        spared = {f"atom_{hole}" for hole in (("none", *self.sizes) if given else self.sizes)}
        needed = [label for label in failures if label not in spared]
        if not needed:
            self.report(f"trying {' and '.join(['the ground state', *self.ctx.made])} in {len(self.crystals)} runs")
            return None
        code: ExitCode = self.exit_codes.ERROR_NO_GROUND_STATE
        return code.format(label=needed[0], reason=failures[needed[0]])

    def prepare_runs(self) -> ExitCode | None:
        """Make the inputs of all runs in the reference crystal."""
        partners = {**self.inputs.get("partner_recipes", {}), **self.inputs.get("partners", {})}
        given = {"ground": self.inputs.ground} if "ground" in self.inputs else {}
        return self._call(
            "prepare",
            prepare_reference_runs,
            parameters=self.inputs.base.pw.parameters,
            **{name: self.inputs[name] for name in ("recipe", "scales", "kpoints_distance", "conv_thr_per_atom")},
            **{f"partner_{element}": node for element, node in partners.items()},
            **given,
        )

    def should_run_pw(self) -> bool:
        """Go on until every run has been tried."""
        return self._has_left(self.crystals)

    def run_pw(self) -> None:
        """Try the datasets in the reference crystal, a few runs at a time."""
        self.fan_out(self.crystals, self._build_crystal, self.inputs.max_concurrent.value)

    def judge_datasets(self) -> ExitCode | None:
        """Compare all that is known of the datasets with what is demanded of them."""
        failures, children = self._failures(self.crystals), self.children()
        energies = {
            label: children[label].outputs.output_parameters for label in self.crystals if label not in failures
        }
        atoms = {
            f"{name}_{hole}": children[f"atom_{hole}"].outputs[output]
            for hole in ("none", *self.ctx.made)
            if f"atom_{hole}" in children and children[f"atom_{hole}"].is_finished_ok
            for name, output in (("atom", "output_parameters"), ("derivatives", "log_derivatives"))
        }
        return self._call(
            "judge",
            judge_core_hole_set,
            **{name: self.inputs[name] for name in ("recipe", "shell", "scales")},
            ground=self._dataset("none"),
            sizes=orm.List(self.ctx.made),
            parameters=children["prepare"].outputs.parameters,
            failures=orm.Dict(failures),
            **{f"dataset_{size}": self._dataset(size) for size in self.ctx.made},
            **energies,
            **atoms,
        )

    def assemble_pairs(self) -> ExitCode | None:
        """Join each hole with its ground state."""
        children = self.children()
        for size in self.ctx.made:
            given = {"ground": self._dataset("none"), "hole": self._dataset(size), "shell": self.inputs.shell}
            if "ground" not in self.inputs:
                given["recipe"] = self.inputs.recipe
            atoms = {"ground_atom": children.get("atom_none"), "hole_atom": children.get(f"atom_{size}")}
            if all(atom is not None and atom.is_finished_ok for atom in atoms.values()):
                given |= {name: atom.outputs.output_parameters for name, atom in atoms.items() if atom is not None}
            checks = children["judge"].outputs[size]
            refused = self._call(
                f"assemble_{size}", assemble_core_hole_pair, size=orm.Str(size), checks=checks, **given
            )
            if refused is not None:
                return refused
        return None

    def results(self) -> ExitCode | None:
        """Attach everything, also what failed."""
        children = self.children()
        checks = {name: children["judge"].outputs[name] for name in ("ground", *self.ctx.made)}
        self.out("ground", self._dataset("none"))
        self.out("checks", checks)
        self.out("pairs", {size: children[f"assemble_{size}"].outputs.pair for size in self.ctx.made})
        for name, check in checks.items():
            self.report(f"{name}: {check['verdict']}{''.join(f'; {problem}' for problem in check['problems'])}")
        if missing := [size for size in self.sizes if size not in self.ctx.made]:
            reason = self._failures([f"atom_{missing[0]}"])[f"atom_{missing[0]}"]
            return self._exit("ERROR_HOLE_NOT_MADE", sizes=" and ".join(missing), reason=reason)
        problems = dict.fromkeys(problem for check in checks.values() for problem in check["problems"])
        return self._exit("ERROR_CHECKS_FAILED", problems="; ".join(problems)) if problems else None

    def _has_left(self, labels: list[str]) -> bool:
        """Return whether children are still to end, and keep how many have: the atoms are part of the progress."""
        left = len(self.unfinished(labels))
        n_crystals = len(self.inputs.scales) + len(self.sizes)
        ended = len(labels) - left + (len(self.atoms) if labels != self.atoms else 0)
        self.ctx.progress = [ended, len(self.atoms) + n_crystals]
        return left > 0

    def _build_atom(self, label: str) -> Launch:
        """Return the job that makes a dataset, or tests a user's."""
        kind, _, name = label.partition("_")
        if kind == "partner":
            own = {**self._inputs_of_atom("none"), "recipe": self.inputs.partner_recipes[name]}
        else:
            own = self._inputs_of_atom(name)
            if "ground" in self.inputs:
                own["pseudo"] = self._dataset(name)
        return Ld1Calculation, {**self.exposed_inputs(Ld1Calculation, namespace="ld1"), **own}

    def _inputs_of_atom(self, hole: str) -> dict[str, orm.Data]:
        return {"recipe": self.inputs.recipe, "shell": self.inputs.shell, "hole": orm.Str(hole)}

    def _build_crystal(self, label: str) -> Launch:
        """Return the work chain of one run of ``pw.x``."""
        kind, _, name = label.partition("_")
        prepared = self.children("prepare")["prepare"].outputs
        structure = prepared[label] if kind == "crystal" else prepared.marked
        own = {
            "structure": structure,
            "parameters": prepared.parameters if kind == "crystal" else prepared[f"parameters_{name}"],
            "pseudos": self._pseudos(structure, "none" if kind == "crystal" else name),
        }
        inputs = self.exposed_inputs(PwRestartWorkChain, namespace="base", agglomerate=False)
        kpoints = prepared.kpoints if kind == "crystal" else prepared.kpoints_marked
        return PwRestartWorkChain, {**inputs, "kpoints": kpoints, "pw": {**inputs.pw, **own}}

    def _pseudos(self, structure: orm.StructureData, hole: str) -> dict[str, UpfData]:
        """Return the dataset of each kind; the one whose name is no element has the hole."""
        element = Recipe.from_mapping(self.inputs.recipe.get_dict()).element
        children = self.children("partner_")
        partners = {
            **{label.partition("_")[2]: child.outputs.pseudo for label, child in children.items()},
            **self.inputs.get("partners", {}),
            element: self._dataset("none"),
        }
        return {
            kind.name: partners[kind.symbol] if kind.name == kind.symbol else self._dataset(hole)
            for kind in structure.kinds
        }

    def _dataset(self, hole: str) -> UpfData:
        """Return the dataset of a hole, the user's or ours."""
        if "ground" in self.inputs:
            return self.inputs.ground if hole == "none" else self.inputs.holes[hole]
        return self.children("atom_")[f"atom_{hole}"].outputs.pseudo

    def _failures(self, labels: list[str]) -> dict[str, str]:
        """Return why children failed, by their labels."""
        children = self.children()
        failed = [label for label in labels if not children[label].is_finished_ok]
        return {label: failure_of(children[label])["reason"] for label in failed}

    def _call(self, label: str, function: Any, **inputs: orm.Data) -> ExitCode | None:
        """Call a calculation function once, and return an exit code when it refuses its inputs."""
        result = self.call_once(label, function, **inputs)
        return self._exit("ERROR_NOT_PREPARED", reason=str(result.message)) if isinstance(result, ExitCode) else None


def _find(name: str, shell: str) -> Recipe:
    """Return the recipe of a name, or the one of an element that makes holes in a shell."""
    return recipes().get(name) or find_recipe(name, shell)


def _base(code: orm.AbstractCode, settings: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that all runs of ``pw.x`` share."""
    given = {**settings["pw"]["metadata"]["options"], **options}
    parallel = {} if code.with_mpi is None else {"withmpi": code.with_mpi}
    scheduler = code.computer.scheduler_type if code.computer is not None else None
    metadata = {"options": PwRestartWorkChain.set_default_resources({**parallel, **given}, scheduler)}
    return {
        "pw": {"code": code, "parameters": orm.Dict(settings["pw"]["parameters"]), "metadata": metadata},
        "max_iterations": orm.Int(settings["max_iterations"]),
    }
