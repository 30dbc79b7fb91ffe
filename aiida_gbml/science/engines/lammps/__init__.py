"""LAMMPS: the input of one process that evaluates a whole batch of structures, and the reading of its output."""

from aiida_gbml.science.engines.lammps.batch import run_batch
from aiida_gbml.science.engines.lammps.inputs import LammpsInputError, LammpsSettings, write_inputs
from aiida_gbml.science.engines.lammps.outputs import LammpsOutputError, LammpsSetupError, read_outputs
from aiida_gbml.science.engines.lammps.potential import LammpsPotential, LammpsPotentialError, setfl_elements

__all__ = [
    "LammpsInputError",
    "LammpsOutputError",
    "LammpsPotential",
    "LammpsPotentialError",
    "LammpsSettings",
    "LammpsSetupError",
    "read_outputs",
    "run_batch",
    "setfl_elements",
    "write_inputs",
]
