"""The node of a pseudopotential with a core hole."""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO

from aiida_pseudo.data.pseudo import UpfData
from aiida_pseudo.data.pseudo.pseudo import PseudoPotentialData

from aiida_gbml.science.engines.upf import read_upf


class CoreHoleUpfData(UpfData):
    """A UPF file whose number of valence electrons need not be whole: 4.5 for carbon with half a hole.

    It goes wherever a ``UpfData`` goes; that class itself refuses such files.
    """

    def set_file(self, source: str | Path | BinaryIO, filename: str | None = None, **kwargs: object) -> None:
        """Set the file, and the element and valence that it names.

        :raises ValueError: when the file is no UPF file.
        """
        stream = self.prepare_source(source)
        content = stream.read()
        stream.seek(0)
        upf = read_upf(content)
        PseudoPotentialData.set_file(self, stream, filename, **kwargs)
        self.element = upf.element
        self.z_valence = upf.z_valence

    @property
    def z_valence(self) -> float:
        """The number of valence electrons of the neutral atom."""
        return float(self.base.attributes.get(self._key_z_valence))

    @z_valence.setter
    def z_valence(self, value: float) -> None:
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"the valence must be a positive number, got {value!r}")
        self.base.attributes.set(self._key_z_valence, value)
