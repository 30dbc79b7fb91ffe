"""The node of a database of spectra."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.spectra.dataset import SpectraFile, SpectraTable, concatenate, write_spectra

if TYPE_CHECKING:
    from typing_extensions import Self

MOST_TEXT = 2000
"""Characters of formulas that are kept as an attribute; a summary stays below 10 kB."""


class SpectraDatasetData(ArchiveData):
    """Spectra of many sites, structures and edges in one HDF5 file, see :mod:`aiida_gbml.science.spectra.dataset`.

    Attributes for queries: ``n_spectra`` (rows, failed ones included), ``n_failed``, ``spectra`` (such as 'C_K'),
    ``elements``, ``edges``, ``treatments``, ``n_structures``, ``n_formulas``, ``formulas`` (as many as fit), and for
    each edge ``n_<edge>``, ``energy_min_<edge>``, ``energy_max_<edge>``, ``step_<edge>`` (eV), such as ``n_C_K``.

    :param tables: of any elements and edges; those of one edge are joined.
    """

    FILENAME = "spectra.h5"

    def __init__(self, tables: Iterable[SpectraTable] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if tables is not None:
            joined = concatenate(tables)
            with tempfile.TemporaryFile() as stream:
                write_spectra(stream, joined)
                stream.seek(0)
                self.base.repository.put_object_from_filelike(stream, self.FILENAME)  # type: ignore[arg-type]
            self.base.attributes.set_many(_summary(joined))

    @classmethod
    def from_content(cls, content: bytes) -> Self:
        """Return an unstored node of the bytes of a database."""
        with SpectraFile(io.BytesIO(content)) as spectra:
            return cls(spectra.tables())

    @contextmanager
    def open(self) -> Iterator[SpectraFile]:
        """Open the database; only what is asked for is read.

        >>> with node.open() as spectra:
        ...     first = spectra.rows("C_K", [0])
        """
        with self.base.repository.open(self.FILENAME, mode="rb") as stream, SpectraFile(stream) as spectra:
            yield spectra

    @property
    def tables(self) -> tuple[SpectraTable, ...]:
        """All spectra, one table for each element and edge."""
        with self.open() as spectra:
            return spectra.tables()

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_spectra"))

    def _check(self) -> None:
        with self.open() as spectra:
            for key in spectra.keys:
                spectra.table(key, rows=slice(0, 1))


def _summary(tables: Sequence[SpectraTable]) -> dict[str, Any]:
    """Return the flat attributes by which databases are found."""
    formulas = _values(tables, "formula")
    summary: dict[str, Any] = {
        "n_spectra": sum(len(table) for table in tables),
        "n_failed": int(sum(table.failed.sum() for table in tables)),
        "n_structures": len(_values(tables, "structure_uuid")),
        "n_formulas": len(formulas),
        "formulas": [one for one, end in zip(formulas, accumulate(map(len, formulas)), strict=True) if end < MOST_TEXT],
        "spectra": [table.key for table in tables],
        "elements": sorted({table.element for table in tables}),
        "edges": sorted({table.edge for table in tables}),
        "treatments": _values(tables, "treatment"),
    }
    for table in tables:
        summary[f"n_{table.key}"] = len(table)
        if len(table.energy) > 1:
            ends = {"energy_min": table.energy[0], "energy_max": table.energy[-1], "step": table.step}
            summary |= {f"{name}_{table.key}": round(float(value), 9) for name, value in ends.items()}
    return summary


def _values(tables: Sequence[SpectraTable], name: str) -> list[str]:
    """Return the different texts of a column over all tables, the most frequent first."""
    counts = Counter(value for table in tables for value in table.columns.get(name, ()))
    return [str(value) for value, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if value]
