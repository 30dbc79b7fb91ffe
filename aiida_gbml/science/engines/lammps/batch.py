"""Run LAMMPS here and now, without AiiDA: for tests and benchmarks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aiida_gbml.science.engines.lammps.inputs import ARGUMENTS, LOG, RESULTS, write_inputs
from aiida_gbml.science.engines.lammps.outputs import read_outputs
from aiida_gbml.science.engines.lammps.potential import LammpsPotential
from aiida_gbml.science.engines.lammps.settings import LammpsSettings
from aiida_gbml.science.structure_set import NEW, StructureSet, put_rows


def run_batch(
    executable: str | Path,
    structures: StructureSet,
    potential: LammpsPotential,
    settings: LammpsSettings,
    *,
    potential_files: Mapping[str, bytes],
    folder: Path,
) -> StructureSet:
    """Return the evaluated structures, see :func:`read_outputs`; what a crash left over is run again.

    :param executable: path of ``lmp``.
    :param potential_files: content of each file that the potential names.
    :param folder: an empty folder, or none yet; it holds one folder a process afterwards.
    :raises LammpsInputError: when the structures do not fit the settings.
    :raises LammpsOutputError: when LAMMPS gave no results at all.
    """
    evaluated, left = structures, np.arange(len(structures))
    while left.size:
        batch = structures.take(left)
        files = write_inputs(batch, potential, settings)
        contents = {name: text.encode("ascii") for name, text in files.items()}
        contents |= {name: potential_files[name] for name in potential.files}
        results, log = _run(executable, contents, folder / f"from_{left[0]}")
        part = read_outputs(batch, settings, results, log, is_retry=len(batch) < len(structures))
        evaluated = part if len(batch) == len(structures) else put_rows(evaluated, left, part)
        if np.all(part.columns["status"] == NEW):
            break
        left = left[part.columns["status"] == NEW]
    return evaluated


def _run(executable: str | Path, files: Mapping[str, bytes], folder: Path) -> tuple[bytes, bytes]:
    """Return the results and the log of one process, each empty when it left none."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    command = [str(executable), *ARGUMENTS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # Not checked: a process that stopped early still left the results of the structures before.
    subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)  # noqa: S603 caller's program
    results, log = (folder / name for name in (RESULTS, LOG))
    return results.read_bytes() if results.exists() else b"", log.read_bytes() if log.exists() else b""
