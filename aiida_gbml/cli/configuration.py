"""What a user asks for, from a configuration file and from options, made into the inputs of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aiida_gbml.cli.potentials import potential_arguments

if TYPE_CHECKING:
    from aiida import orm
    from aiida.engine import ProcessBuilder
    from ase import Atoms

Settings = dict[str, Any]

_KEYS = (
    "crystal",
    "boundary",
    "engine",
    "verification",
    "protocol",
    "overrides",
    "worker",
    "extend",
    "start_from",
    "label",
)
_GROUPS = ("boundary", "engine", "verification", "overrides")
_ENGINES = {"lammps": "gbml.evaluation.lammps", "pw": "gbml.evaluation.pw"}


class ConfigurationError(ValueError):
    """What the user asks for is incomplete or makes no sense."""


def read(path: Path) -> Settings:
    """Return the settings of a YAML file; the crystal and the potential are relative to the file.

    :raises ConfigurationError: when the file is no mapping of known keys.
    """
    settings = read_mapping(path, _KEYS, _GROUPS)
    if "crystal" in settings:
        settings["crystal"] = path.parent / str(settings["crystal"])
    for name in ("engine", "verification"):
        potential = settings.get(name, {}).get("potential")
        if isinstance(potential, str) and (path.parent / potential).exists():
            settings[name]["potential"] = str(path.parent / potential)
    return settings


def read_mapping(path: Path, keys: Sequence[str], groups: Sequence[str]) -> Settings:
    """Return the mapping of a YAML file.

    :param keys: that are known.
    :param groups: those of them that hold mappings.
    :raises ConfigurationError: when the file holds anything else.
    """
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exception:
        raise ConfigurationError(f"'{path}' is no readable YAML: {exception}") from exception
    if not isinstance(settings, dict):
        raise ConfigurationError(f"'{path}' must hold a mapping with the keys {', '.join(keys)}")
    unknown = [key for key in settings if key not in keys]
    if unknown:
        raise ConfigurationError(f"'{path}' has the unknown key '{unknown[0]}', known are {', '.join(keys)}")
    for name in groups:
        if not isinstance(settings.get(name, {}), dict):
            raise ConfigurationError(f"'{name}' in '{path}' must be a mapping, got {settings[name]!r}")
    return settings


def put(settings: Settings, place: Sequence[str], value: Any) -> None:
    """Set a value at a place in nested settings."""
    *groups, name = place
    for group in groups:
        settings = settings.setdefault(group, {})
    settings[name] = list(value) if isinstance(value, tuple) else value


def builder(settings: Settings) -> ProcessBuilder:
    """Return the builder of the search that some settings describe; nothing is stored.

    :raises ValueError: when something is missing or does not exist, or the search would refuse it.
    """
    from aiida import orm

    from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

    atoms = read_crystal(settings.get("crystal"))
    overrides = dict(settings.get("overrides", {}))
    if not overrides.get("budget", True):
        overrides["budget"] = None
    verification = settings.get("verification")
    if verification and "n_basins" in verification:
        overrides["verification"] = {**overrides.get("verification", {}), "n_basins": verification["n_basins"]}
    search = GrainBoundarySearchWorkChain.get_builder_from_protocol(
        orm.StructureData(ase=atoms),
        boundary=settings.get("boundary", {}),
        engine=_engine(settings.get("engine", {}), atoms, settings.get("protocol")),
        verification=_engine(verification, atoms, settings.get("protocol")) if verification else None,
        protocol=settings.get("protocol"),
        overrides=overrides,
    )
    if settings.get("worker"):
        search.worker = _worker(settings["worker"])
    if settings.get("extend"):
        search.earlier = {f"search_{pk}": _evaluated(pk) for pk in _listed(settings["extend"])}
    if settings.get("start_from"):
        search.templates = {f"search_{pk}": _evaluated(pk) for pk in _listed(settings["start_from"])}
    search["metadata"]["label"] = str(settings.get("label") or "")
    check(search)
    return search


def check(search: ProcessBuilder) -> None:
    """Raise when a process would refuse its inputs, which it does only after they are stored."""
    ports = search.process_class.spec().inputs
    error = ports.validate(ports.pre_process(search._inputs(prune=True)))
    if error is not None:
        raise ConfigurationError(error.message)


def read_into_graph(settings: Settings) -> orm.StructureData:
    """Return the crystal as a node whose file is part of its provenance.

    :raises ConfigurationError: when the file cannot be read.
    """
    from aiida import orm

    from aiida_gbml.calculations.read_crystal import read_crystal as read_crystal_node

    node = read_crystal_node.run_get_node(orm.SinglefileData(file=settings["crystal"].resolve()))[1]
    if not node.is_finished_ok:
        raise ConfigurationError(node.exit_message)
    structure: orm.StructureData = node.outputs.structure
    return structure


def read_crystal(path: Path | None) -> Atoms:
    """Return the crystal of a file.

    :raises ConfigurationError: when the file is missing, cannot be read, or its sites are partly occupied.
    """
    from aiida_gbml.science.interfaces.crystal_file import read_crystal_file

    if path is None:
        raise ConfigurationError("which crystal? Give a file, such as copper.cif")
    return read_crystal_file(path)


def _engine(settings: Mapping[str, Any], atoms: Atoms, protocol: str | None) -> ProcessBuilder:
    """Return the builder of an evaluation."""
    from aiida.common.exceptions import EntryPointError
    from aiida.plugins import WorkflowFactory

    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.science.structure_set import StructureSet

    given = dict(settings)
    name = given.pop("name", "lammps")
    given.pop("n_basins", None)
    try:
        process: Any = WorkflowFactory(_ENGINES.get(name, name))
    except EntryPointError as exception:
        raise ConfigurationError(f"there is no engine '{name}', known are {', '.join(_ENGINES)}") from exception
    code = find_code(given.pop("code", None), name)
    if "potential" in given:
        given |= potential_arguments(given["potential"])
    structures = StructureSetData(StructureSet.from_ase([atoms]))
    try:
        return process.get_builder_from_protocol(  # type: ignore[no-any-return]
            code, structures, protocol=given.pop("protocol", protocol), **given
        )
    except TypeError as exception:
        raise ConfigurationError(f"the settings of the engine '{name}' do not fit it: {exception}") from exception


def _worker(label: str) -> dict[str, Any]:
    """Return the inputs of the job that proposes candidates, run by the Python of a code."""
    from aiida import orm

    options = {
        "output_types": {"proposal": "gbml.structures", "outlook": "core.dict"},
        "resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1},
    }
    return {
        "code": find_code(label, "worker"),
        "task": orm.Str("aiida_gbml.science.interfaces.propose"),
        "metadata": {"options": options},
    }


def find_code(label: str | None, engine: str) -> orm.AbstractCode:
    """Return a code by its label, or the only one for an engine.

    :raises ConfigurationError: when there is none, or there are several.
    """
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    label = label or {"lammps": "lmp"}.get(engine, engine)
    try:
        return orm.load_code(label)
    except NotExistent as exception:
        raise ConfigurationError(f"there is no code '{label}'; `aiida-gbml setup` makes those on PATH") from exception
    except MultipleObjectsError as exception:
        raise ConfigurationError(f"several codes are called '{label}'; add the computer: {label}@...") from exception


def _evaluated(pk: int) -> orm.Data:
    """Return the evaluated structures of an earlier search."""
    from aiida import orm
    from aiida.common.exceptions import NotExistent

    try:
        node = orm.load_node(pk)
    except NotExistent as exception:
        raise ConfigurationError(f"there is no search {pk}") from exception
    if not isinstance(node, orm.WorkChainNode) or "evaluated" not in node.outputs:
        raise ConfigurationError(f"process {pk} has no evaluated structures to start from")
    return node.outputs.evaluated  # type: ignore[no-any-return]


def _listed(value: Any) -> list[int]:
    return list(value) if isinstance(value, list | tuple) else [value]
