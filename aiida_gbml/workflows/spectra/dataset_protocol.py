"""Builders of a dataset of spectra from a protocol: that of single sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.spectra.dataset_ports import OF_A_SITE
from aiida_gbml.workflows.spectra.spectrum import CoreHoleSpectrumWorkChain

Pairs = Mapping[str, Mapping[str, CoreHolePairData]]


class DatasetProtocol:
    """Fills a builder of a dataset from `protocols/spectrum.yaml`."""

    @classmethod
    def get_builder_from_protocol(  # noqa: PLR0917  (the order is that of other plugins)
        cls,
        pw_code: orm.AbstractCode,
        xspectra_code: orm.AbstractCode,
        structures: StructureSetData,
        edges: Sequence[Mapping[str, str]],
        treatments: Sequence[str] = ("full",),
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        pairs: Pairs,
        pseudos: Mapping[str, orm.Data] | None = None,
        electronic_type: str = "insulator",
        options: Mapping[str, Any] | None = None,
        max_concurrent: int = 2,
        extend: SpectraDatasetData | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol; the jobs of one site run one after the other.

        :param pw_code: ``pw.x``.
        :param xspectra_code: ``xspectra.x``.
        :param structures: crystals, slabs or molecules.
        :param edges: mappings of ``element`` and ``edge``.
        :param treatments: of the hole: none, half, full, excited.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol of a site, as nested as its inputs; absolute.
        :param pairs: datasets with a 'half' or a 'full' hole for each absorbing element.
        :param pseudos: datasets of the other elements by symbol.
        :param electronic_type: insulator or metal.
        :param options: scheduler options of every job.
        :param max_concurrent: how many ground states and sites are computed at a time.
        :param extend: an earlier dataset.
        :raises ValueError: for a protocol or a setting that is not known, and when nothing tells the cutoffs.
        """
        sites = [
            CoreHoleSpectrumWorkChain.get_builder_from_protocol(
                pw_code,
                xspectra_code,
                structures.to_structure_data(0),
                0,
                treatments=treatments,
                protocol=protocol,
                overrides={"max_concurrent": 1, **(overrides or {})},
                pairs=holes,
                pseudos={**(pseudos or {}), **_grounds(pairs, but=element)},
                electronic_type=electronic_type,
                options=options,
            )._inputs(prune=True)
            for element, holes in pairs.items()
        ]
        if not sites:
            raise ValueError("`pairs` is empty: give the datasets with a hole of each element in `edges`")
        builder: ProcessBuilder = cls.get_builder()  # type: ignore[attr-defined]
        builder.structures = structures
        builder.edges = orm.List([dict(one) for one in edges])
        builder.treatments = orm.List(list(treatments))
        builder.pairs = {element: dict(holes) for element, holes in pairs.items()}
        builder.pseudos = dict(pseudos or {})
        costliest = max(sites, key=lambda site: site["pw"]["pw"]["parameters"]["SYSTEM"]["ecutwfc"])
        builder.site = {name: value for name, value in costliest.items() if name not in OF_A_SITE}
        builder.max_concurrent = orm.Int(max_concurrent)
        if extend is not None:
            builder.extend = extend
        return builder


def _grounds(pairs: Pairs, but: str) -> dict[str, UpfData]:
    """Return the ground states of all absorbing elements but one, not stored: they tell their cutoffs."""
    return {element: UpfData(BytesIO(holes[min(holes)].ground)) for element, holes in pairs.items() if element != but}
