"""Task: what a worker computes with, so that results from different environments can be told apart."""

import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.task import main

_DEFAULT_DISTRIBUTIONS = ["aiida-gbml", "ase", "gpytorch", "numpy", "scipy", "torch"]


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:  # noqa: ARG001 - a task's interface
    """Return the versions of Python and of some distributions, and the number of processors.

    :param inputs: none are read.
    :param parameters: ``distributions``, a list of names; those that a search needs by default.
    :raises ValueError: when ``distributions`` is no list of names.
    """
    names = parameters.get("distributions", _DEFAULT_DISTRIBUTIONS)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"'distributions' must be a list of names, got {names!r}")
    environment = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "n_processors": os.cpu_count(),
        "versions": {name: _version(name) for name in names},
    }
    return {"environment": write_json(environment)}


def _version(name: str) -> str | None:
    """Return the version of an installed distribution, None when it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(run))
