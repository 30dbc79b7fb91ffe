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


def read(path: Path, keys: Sequence[str] = _KEYS) -> Settings:
    """Return the settings of a YAML file; the crystal and the potential are relative to the file.

    :param keys: that are known.
    :raises ConfigurationError: when the file is no mapping of known keys.
    """
    settings = read_mapping(path, keys, _GROUPS)
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
    """Set a value at a place in nested settings.

    :raises ConfigurationError: when a file has put something else where a mapping should be.
    """
    *groups, name = place
    for group in groups:
        settings = settings.setdefault(group, {})
        if not isinstance(settings, dict):
            raise ConfigurationError(f"'{group}' must be a mapping, got {settings!r}")
    settings[name] = list(value) if isinstance(value, tuple) else value


def put_options(settings: Settings, places: Sequence[tuple[str, Sequence[str]]], options: Mapping[str, Any]) -> None:
    """Set what a user has given of some options, which goes before what a file says.

    :param places: names of options, each with its place in the settings.
    :param options: values by name; none, or an empty list, of those that were not given.
    """
    for option, place in places:
        if options.get(option) not in (None, ()):
            put(settings, place, options[option])


def overrides_of(settings: Mapping[str, Any]) -> Settings:
    """Return what differs from a protocol; a budget of 0 stands for none."""
    overrides = dict(settings.get("overrides", {}))
    if not overrides.get("budget", True):
        overrides["budget"] = None
    return overrides


def builder(settings: Settings) -> ProcessBuilder:
    """Return the builder of the search that some settings describe; nothing is stored.

    :raises ValueError: when something is missing or does not exist, or the search would refuse it.
    """
    from aiida import orm

    from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain
    from aiida_gbml.workflows.worker import worker_inputs

    atoms = read_crystal(settings.get("crystal"))
    overrides = overrides_of(settings)
    verification = settings.get("verification")
    if verification and "n_basins" in verification:
        overrides["verification"] = {**overrides.get("verification", {}), "n_basins": verification["n_basins"]}
    search = GrainBoundarySearchWorkChain.get_builder_from_protocol(
        orm.StructureData(ase=atoms),
        boundary=settings.get("boundary", {}),
        engine=engine_builder(settings.get("engine", {}), atoms, settings.get("protocol")),
        verification=engine_builder(verification, atoms, settings.get("protocol")) if verification else None,
        protocol=settings.get("protocol"),
        overrides=overrides,
    )
    if settings.get("worker"):
        search.worker = worker_inputs(find_code(settings["worker"], "worker"))
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


def engine_builder(settings: Mapping[str, Any], atoms: Atoms, protocol: str | None) -> ProcessBuilder:
    """Return the builder of an evaluation.

    :param settings: `name`, `code`, and what the builder from the protocol of this engine takes.
    :param atoms: a structure with all elements.
    :param protocol: of the engine, unless its settings name one.
    :raises ConfigurationError: when there is no such engine or code, or a setting does not fit.
    """
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


def find_code(label: str | None, engine: str) -> orm.AbstractCode:
    """Return a code by its label, or the only one for an engine.

    :raises ConfigurationError: when there is none, there are several, or it is that of another of our programs.
    """
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    from aiida_gbml.cli.programs import PROGRAMS

    usual = {"lammps": "lmp"}.get(engine, engine)
    label = label or usual
    plugins = {program.label: program.plugin for program in PROGRAMS}
    try:
        code = orm.load_code(label)
    except NotExistent as exception:
        raise ConfigurationError(f"there is no code '{label}'; `aiida-gbml setup` makes those on PATH") from exception
    except MultipleObjectsError as exception:
        raise ConfigurationError(f"several codes are called '{label}'; add the computer: {label}@...") from exception
    plugin = code.default_calc_job_plugin
    if usual in plugins and plugin in plugins.values() and plugin != plugins[usual]:
        raise ConfigurationError(f"the code '{label}' runs {plugin}, not {plugins[usual]}: name another one")
    return code


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
