"""LAMMPS: the input of one process that evaluates a whole batch of structures, and the reading of its output."""

from aiida_gbml.science.engines.lammps.batch import run_batch
from aiida_gbml.science.engines.lammps.inputs import ARGUMENTS, LOG, RESULTS, write_inputs
from aiida_gbml.science.engines.lammps.outputs import LammpsOutputError, LammpsSetupError, read_outputs
from aiida_gbml.science.engines.lammps.potential import LammpsPotential, LammpsPotentialError, setfl_elements
from aiida_gbml.science.engines.lammps.settings import LammpsInputError, LammpsSettings, check_inputs

__all__ = [
    "ARGUMENTS",
    "LOG",
    "RESULTS",
    "LammpsInputError",
    "LammpsOutputError",
    "LammpsPotential",
    "LammpsPotentialError",
    "LammpsSettings",
    "LammpsSetupError",
    "check_inputs",
    "read_outputs",
    "run_batch",
    "setfl_elements",
    "write_inputs",
]
