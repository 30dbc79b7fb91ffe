"""With which engine and which crystals a user wants recommended compositions computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiida_gbml.cli.configuration import ConfigurationError, Settings, engine_builder
from aiida_gbml.cli.spectra_subjects import Subject, find_subject

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder

    from aiida_gbml.science.structure_set import StructureSet

KEYS = ("engine", "prototypes", "competing", "protocol", "settings")
STRUCTURES = ("prototypes", "competing")


@dataclass(frozen=True)
class Verification:
    """A verification that can be launched.

    :param builder: its inputs without the ranking; structures from files are not stored yet.
    :param structures: where they are from, by the names of their inputs.
    """

    builder: ProcessBuilder
    structures: Mapping[str, Subject]


def find_verification(settings: Settings) -> Verification | None:
    """Return the verification that some settings describe, if they do; nothing is stored.

    :param settings: of which ``verification`` holds `engine` (as for a search of boundaries), `prototypes` and
        `competing` (files, or nodes), `protocol`, and `settings` (fields of `VerificationSettings`).
    :raises ConfigurationError: when something is missing or does not exist.
    """
    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain

    subjects = find_structures(settings)
    if subjects is None:
        return None
    given = settings["verification"]
    nodes = {name: StructureSetData(subject.content) for name, subject in subjects.items()}
    protocol = given.get("protocol", settings.get("protocol"))
    elements = _one_of_each(subjects.get("competing", subjects["prototypes"]).content)
    builder = CompositionVerificationWorkChain.get_builder_from_protocol(
        None,
        nodes["prototypes"],
        engine_builder(given.get("engine", {}), elements, protocol),
        competing=nodes.get("competing"),
        protocol=protocol,
        overrides={"settings": given.get("settings", {})},
    )
    return Verification(builder, subjects)


def find_structures(settings: Mapping[str, Any]) -> dict[str, Subject] | None:
    """Return the crystals of a verification by the names of their inputs, where some settings describe one.

    :raises ValueError: when the verification is described wrongly, or a crystal is not there.
    """
    from aiida_gbml.science.compounds.verification import VerificationSettings

    given = settings.get("verification")
    if not given:
        return None
    unknown = sorted(set(given) - set(KEYS))
    if unknown:
        raise ConfigurationError(f"the verification has the unknown key '{unknown[0]}', known are {', '.join(KEYS)}")
    if not given.get("prototypes"):
        raise ConfigurationError("the verification needs 'prototypes': files of known crystals, or nodes")
    VerificationSettings.from_dict(given.get("settings", {}))
    return {name: _structures(given[name]) for name in STRUCTURES if given.get(name)}


def _structures(given: list[Any]) -> Subject:
    """Return the structures of files and nodes."""
    files = [str(one) for one in given if Path(str(one)).is_file()]
    return find_subject({"structures": files, "nodes": [one for one in given if str(one) not in files]})


def _one_of_each(structures: StructureSet) -> Any:
    """Return atoms of all elements of some structures, from which an engine tells what it needs."""
    from ase import Atoms

    numbers = sorted({int(number) for number in structures.numbers})
    positions = [[2.5 * place, 0.0, 0.0] for place in range(len(numbers))]
    return Atoms(numbers, positions, cell=[2.5 * len(numbers), 10.0, 10.0], pbc=True)
