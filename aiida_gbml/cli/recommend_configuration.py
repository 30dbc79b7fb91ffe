"""Which compositions a user wants ranked, from a configuration file and from options, made into inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.composition_subjects import Subject, find_compositions
from aiida_gbml.cli.configuration import ConfigurationError, Settings, check, find_code, read_mapping
from aiida_gbml.cli.verification_configuration import find_verification

if TYPE_CHECKING:
    from aiida import orm
    from aiida.engine import ProcessBuilder

    from aiida_gbml.data.ion_table import IonTableData

KEYS = (
    "known",
    "exclude",
    "later",
    "read",
    "ions",
    "mixed_valence",
    "space",
    "model",
    "shortlist",
    "top_k",
    "n_shards",
    "max_concurrent",
    "validation",
    "verification",
    "worker",
    "options",
    "protocol",
    "label",
)
_SETS = ("known", "exclude", "later")
_OVERRIDES = ("space", "model", "shortlist", "top_k", "n_shards", "max_concurrent", "validation")


@dataclass(frozen=True)
class Prepared:
    """A recommendation that can be launched.

    :param builder: its inputs, of which those from files are not stored yet.
    :param subjects: sets of compositions by the names of their inputs.
    :param stores: return stored nodes in the place of inputs that are not stored yet.
    """

    builder: ProcessBuilder
    subjects: Mapping[str, Subject]
    stores: tuple[Callable[[], None], ...]

    def store(self) -> ProcessBuilder:
        """Return the builder with every file read into the graph."""
        for store in self.stores:
            store()
        return self.builder


def read(path: Path) -> Settings:
    """Return the settings of a YAML file, whose files are relative to it.

    :raises ConfigurationError: when the file is no mapping of known keys.
    """
    settings = read_mapping(path, KEYS, ("read", "space", "verification", "options"))
    for name in _SETS:
        if name in settings:
            settings[name] = _beside(path, settings[name])
    if isinstance(settings.get("ions"), str):
        settings["ions"] = _beside(path, settings["ions"])
    verification = settings.get("verification", {})
    for name in ("prototypes", "competing"):
        given = verification.get(name, [])
        if not isinstance(given, list):
            raise ConfigurationError(f"'{name}' of the verification in '{path}' must be a list, got {given!r}")
        if given:
            verification[name] = [_beside(path, one) for one in given]
    engine = verification.get("engine", {})
    if isinstance(engine, dict) and isinstance(engine.get("potential"), str):
        engine["potential"] = _beside(path, engine["potential"])
    return settings


def prepare(settings: Settings) -> Prepared:
    """Return the recommendation that some settings describe; nothing is stored.

    :raises ValueError: when something is missing or does not exist, or the recommendation would refuse it.
    """
    from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain

    subjects = find_sets(settings)
    verification = find_verification(settings)
    builder = RecommendationWorkChain.get_builder_from_protocol(
        find_code(settings.get("worker") or "worker", "worker"),
        subjects["known"].node,
        exclude=subjects["exclude"].node if "exclude" in subjects else None,
        later=subjects["later"].node if "later" in subjects else None,
        ions=find_ions(settings.get("ions"), settings.get("mixed_valence", False)),
        verification=None if verification is None else verification.builder,
        protocol=settings.get("protocol"),
        overrides=overrides_of(settings),
        options=settings.get("options"),
    )
    builder["metadata"]["label"] = str(settings.get("label") or "")
    check(builder)
    stores = [_put(builder, name, subject.store) for name, subject in subjects.items() if name != "later"]
    if "later" in subjects:
        stores.append(_put(builder["validation"], "later", subjects["later"].store))
    if verification is not None:
        structures = verification.structures.items()
        stores += [_put(builder["verification"], name, subject.store) for name, subject in structures]
    return Prepared(builder, subjects, tuple(stores))


def find_sets(settings: Mapping[str, Any]) -> dict[str, Subject]:
    """Return the sets of compositions of some settings.

    :raises ConfigurationError: when no known compositions are given.
    """
    if settings.get("known") is None:
        raise ConfigurationError("which compositions are known? Give a file such as known.csv, or the pk of a set")
    options = settings.get("read", {})
    return {name: find_compositions(settings[name], options) for name in _SETS if settings.get(name) is not None}


def find_ions(given: Any, mixed_valence: bool = False) -> IonTableData:
    """Return a table of ions: a YAML file, the pk of a table, or a level of the project's own.

    :param mixed_valence: whether atoms of one element may have two charges, whatever the file says.
    :raises ValueError: when there is none of that name, it is no table, or it is stored and says something else.
    """
    from aiida_gbml.data.ion_table import IonTableData
    from aiida_gbml.science.compounds.ions import LEVELS, IonTable

    path = Path(str(given))
    if given is None or given in LEVELS:
        table = IonTable.default(*(() if given is None else (given,)))
        return IonTableData(replace(table, mixed_valence=mixed_valence))
    if path.is_file():
        table = IonTable.from_yaml(path.read_text(encoding="utf-8"))
        return IonTableData(replace(table, mixed_valence=mixed_valence or table.mixed_valence))
    node = load(given, f"there is no table of ions '{given}': give a YAML file, its pk, or {', '.join(LEVELS)}")
    if not isinstance(node, IonTableData):
        raise ConfigurationError(f"node {node.pk} is a {type(node).__name__}, not a table of ions")
    if mixed_valence and not node.table.mixed_valence:
        raise ConfigurationError(f"the table of ions {node.pk} has no mixed valence: name a file or a level instead")
    return node


def load(identifier: Any, otherwise: str) -> orm.Node:
    """Return a node by its pk or uuid.

    :param otherwise: sentence for the case that there is none.
    """
    from aiida import orm
    from aiida.common.exceptions import MultipleObjectsError, NotExistent

    try:
        return orm.load_node(int(identifier) if str(identifier).isdecimal() else str(identifier))
    except (NotExistent, MultipleObjectsError, ValueError) as exception:
        raise ConfigurationError(otherwise) from exception


def overrides_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs from the protocol; a recommender may be given by its kind alone.

    :raises ConfigurationError: for two ways to judge a model.
    """
    if settings.get("later") is not None and settings.get("validation") is not None:
        raise ConfigurationError("'later' and 'validation' are different ways to judge a model: give one of them")
    overrides = {name: settings[name] for name in _OVERRIDES if name in settings}
    if isinstance(overrides.get("model"), str):
        overrides["model"] = {"kind": overrides["model"]}
    if overrides.get("validation") == "holdout":
        overrides["validation"] = {"kind": "holdout"}
    return overrides


def _put(inputs: Any, name: str, store: Callable[[], orm.Data]) -> Callable[[], None]:
    """Return what puts a stored node in the place of an input."""

    def put() -> None:
        inputs[name] = store()

    return put


def _beside(path: Path, given: Any) -> Any:
    """Return the path of a file that lies beside a configuration file, or what was given when there is none."""
    beside = path.parent / str(given)
    return str(beside) if beside.is_file() else given
