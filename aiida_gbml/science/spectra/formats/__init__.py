"""Files that hold spectra: of microscopes, of beamlines, of published databases, and of other packages."""

from aiida_gbml.science.spectra.formats.measured import read_measured
from aiida_gbml.science.spectra.formats.spectrum import FormatError, MeasuredSpectrum, spectrum_of_row

__all__ = ["FormatError", "MeasuredSpectrum", "read_measured", "spectrum_of_row"]
