"""From the spectra of single sites to rows of one dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.data.spectrum import SpectrumData
from aiida_gbml.science.spectra.dataset import tables_from_rows

SITES = "sites_"
"""Begins the names of the sites of a structure among the inputs."""

_OF_SPECTRUM = ("transition_energy", "empirical_offset", "energy_zero", "alignment", "polarisation", "broadening")


@calcfunction
def collect_spectra(step: orm.Float, failures: orm.Dict, **nodes: orm.Data) -> dict[str, SpectraDatasetData]:
    """Return spectra and failures as rows in the order of structures, sites and treatments, as output ``dataset``.

    :param step: of the common axis in eV.
    :param failures: ``reason`` and ``calculation_uuid`` of the rows without a spectrum, by name.
    :param nodes: at most 198: ``sites_0003``: output ``sites`` of :func:`select_sites` for a structure;
        ``site_0003_O_K_0012_full``: the spectrum of one of these sites under a treatment. A site and treatment that is
        neither among them nor among the failures makes no row.
    """
    spectra = {name: node for name, node in nodes.items() if isinstance(node, SpectrumData)}
    rows = [
        row
        for name in sorted(nodes)
        if name.startswith(SITES)
        for row in _rows(nodes[name].get_dict(), spectra, failures.get_dict())
    ]
    return {"dataset": SpectraDatasetData(tables_from_rows(rows, step.value))}


def _rows(
    structure: Mapping[str, Any], spectra: Mapping[str, SpectrumData], failures: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one structure."""
    for site in structure["sites"]:
        for treatment, key in site["keys"].items():
            name = f"{site['label']}_{treatment}"
            row = {
                **structure["columns"],
                **{column: site[column] for column in ("element", "edge", "site", "multiplicity", "symmetry")},
                "distance_from_boundary": site["distance_from_boundary"],
                "treatment": treatment,
                "settings_md5": key,
            }
            if name in spectra:
                yield row | _of_spectrum(spectra[name])
            elif name in failures:
                yield row | {"energy": None, "intensity": None, **failures[name]}


def _of_spectrum(node: SpectrumData) -> dict[str, Any]:
    """Return what a spectrum adds to its row."""
    details = node.details
    return {
        "energy": node.energy,
        "intensity": node.intensity,
        "calculation_uuid": node.creator.uuid if node.creator else "",
        "spectrum_uuid": node.uuid,
        "warnings": "; ".join(details["warnings"])[:300],
        **{name: details[name] for name in _OF_SPECTRUM},
    }
