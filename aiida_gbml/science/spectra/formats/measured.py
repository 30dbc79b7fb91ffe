"""A measured spectrum, whatever file it came in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aiida_gbml.science.spectra.formats.csv import from_csv
from aiida_gbml.science.spectra.formats.msa import from_msa
from aiida_gbml.science.spectra.formats.nxxas import read_nxxas
from aiida_gbml.science.spectra.formats.spectrum import FormatError, MeasuredSpectrum, read_text
from aiida_gbml.science.spectra.formats.xdi import from_xdi
from aiida_gbml.science.spectra.table import SpectraError

__all__ = ["EXTENSIONS", "FormatError", "MeasuredSpectrum", "read_measured"]


def read_measured(path: Path) -> MeasuredSpectrum:
    """Return the spectrum of a file, read as its extension says.

    :param path: a file of EMSA/MAS, XDI, comma-separated or NXxas data, see :data:`EXTENSIONS`.
    :raises FormatError: when the extension is unknown or the content is damaged; it names the file.
    :raises OSError: when the file cannot be read.
    """
    reader = EXTENSIONS.get(path.suffix.lower())
    if reader is None:
        raise FormatError(f"{path.name}: the extension '{path.suffix}' is none of {', '.join(sorted(EXTENSIONS))}")
    try:
        return reader(path)
    except SpectraError as exception:
        raise FormatError(f"{path.name}: {exception}") from exception


def _text(read: Callable[[str], MeasuredSpectrum]) -> Callable[[Path], MeasuredSpectrum]:
    return lambda path: read(read_text(path))


def _nxxas(path: Path) -> MeasuredSpectrum:
    spectra = read_nxxas(path)
    if len(spectra) != 1:
        raise FormatError(f"it holds {len(spectra)} spectra, where one measured spectrum is expected")
    return spectra[0]


EXTENSIONS: dict[str, Callable[[Path], MeasuredSpectrum]] = {
    **dict.fromkeys((".msa", ".emsa", ".ems"), _text(from_msa)),
    **dict.fromkeys((".xdi", ".xd", ".xxdi"), _text(from_xdi)),
    **dict.fromkeys((".csv", ".txt", ".dat", ".tsv", ".xy"), _text(from_csv)),
    **dict.fromkeys((".h5", ".hdf5", ".nxs"), _nxxas),
}
