"""From several datasets of spectra to one."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.identity import without_repetitions


@calcfunction
def merge_spectra(**datasets: SpectraDatasetData) -> dict[str, SpectraDatasetData]:
    """Return the rows of several datasets, in the order of the datasets' names, as output ``dataset``.

    Where two rows are the same site, settings and treatment, the first that has a spectrum is kept, so that a failure
    goes when the spectrum comes.

    :param datasets: at most 200 of them.
    """
    tables = [table for name in sorted(datasets) for table in datasets[name].tables]
    return {"dataset": SpectraDatasetData(without_repetitions(tables))}
