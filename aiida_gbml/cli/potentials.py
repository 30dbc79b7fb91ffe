"""Potential files as users name them: a path, a file of LAMMPS' own collection, or a YAML of pair coefficients."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsPotentialError

if TYPE_CHECKING:
    from aiida import orm

_COLLECTIONS = (
    Path("/usr/share/lammps/potentials"),
    Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    / "lammps/share/lammps/potentials",
)


def potential_arguments(potential: str | dict[str, Any]) -> dict[str, Any]:
    """Return the arguments ``potential`` and ``potential_files`` of the builder of a LAMMPS evaluation.

    :param potential: a potential file, a YAML file of the fields of ``LammpsPotential``, or these fields.
    :raises LammpsPotentialError: when a file is missing or describes no potential.
    """
    if isinstance(potential, dict):
        fields = LammpsPotential.from_dict(potential)
    elif Path(potential).suffix in (".yaml", ".yml"):
        fields = _read(find(potential))
    else:
        fields = LammpsPotential.from_file_name(Path(potential).name)
        return {"potential": fields.to_dict(), "potential_files": [_node(find(potential))]}
    folder = "" if isinstance(potential, dict) else str(Path(potential).parent)
    files = [_node(find(str(Path(folder, name)))) for name in fields.files]
    return {"potential": fields.to_dict(), "potential_files": files}


def check_potential(engine: Mapping[str, Any]) -> None:
    """Refuse the potential of an engine's settings as a launch would.

    :raises LammpsPotentialError: when a file is missing or describes no potential.
    """
    if "potential" in engine:
        potential_arguments(engine["potential"])


def find(name: str) -> Path:
    """Return the path of a file that is here or in the collection that LAMMPS brings.

    :raises LammpsPotentialError: when it is in none of these places.
    """
    folders = [Path(os.environ.get("LAMMPS_POTENTIALS", ".")), *_COLLECTIONS]
    places = [Path(name), *(folder / Path(name).name for folder in folders)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise LammpsPotentialError(f"there is no potential file '{name}', neither here nor in LAMMPS' collection")
    return found


def _read(path: Path) -> LammpsPotential:
    """Return the potential of a YAML file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exception:
        raise LammpsPotentialError(f"'{path}' is no readable YAML: {exception}") from exception
    if not isinstance(content, dict):
        raise LammpsPotentialError(f"'{path}' must hold a mapping with 'pair_style' and 'pair_coeff'")
    return LammpsPotential.from_dict(content)


def _node(path: Path) -> orm.SinglefileData:
    from aiida import orm

    return orm.SinglefileData(file=path.resolve())
