"""Datasets of nothing in particular, for tests that run no program: they hold just what is looked at."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from aiida import orm
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair

MESH = np.linspace(0.01, 5.0, 20)
_ENERGIES = {
    "ground": AtomEnergies(-150.0, -31.0),
    "half": AtomEnergies(-125.0, -33.0),
    "full": AtomEnergies(-100.0, -36.0),
}
CORE_TERM = 55.0 * 13.605693123  # (-100 + 36) - (-150 + 31) Ry
"""Of :func:`oxygen_pair` with a full hole, in eV."""

FULL = [[0.0, 6.0, 8.0], [1.0, 6.5, 9.0]]
EXCITED = [[[0.0, 2.0, 8.0], [0.5, 2.9, 8.0]], [[0.0, 4.0, 8.0], [0.5, 4.0, 8.0]]]
"""Bands at two k-points, and those of two spins; in eV."""

DETAILS = {
    "element": "O",
    "edge": "K",
    "treatment": "full",
    "site": 1,
    "multiplicity": 1,
    "formula": "MgO",
    "alignment": "transition_energy",
    "energy_zero": 7.5,
    "transition_energy": 528.0,
    "empirical_offset": 0.0,
    "polarisation": "powder",
    "broadening": "none",
    "warnings": [],
}
"""Of a spectrum."""


def upf(element: str, valence: float, functional: str = "PBE") -> bytes:
    """Return a file with a header, a mesh, projectors and the core orbital 1s."""
    numbers = " ".join(f"{x:.6E}" for x in MESH)
    return f"""<UPF version="2.0.1">
<PP_INFO>
Generated using "atomic" code by A. Dal Corso v.6.7
</PP_INFO>
<PP_HEADER generated="Generated using &quot;atomic&quot; code by A. Dal Corso v.6.7" element="{element}"
 pseudo_type="NC" functional="{functional}" z_valence="{valence}" l_max="1" mesh_size="{len(MESH)}"
 wfc_cutoff="0.0" rho_cutoff="0.0" />
<PP_MESH><PP_R>{numbers}</PP_R></PP_MESH>
<PP_NONLOCAL><PP_BETA.1 angular_momentum="0"></PP_BETA.1><PP_BETA.2 angular_momentum="1"></PP_BETA.2></PP_NONLOCAL>
<PP_GIPAW>
<PP_GIPAW_CORE_ORBITAL.1 label="1S" n="1.0000" l="0.0000">{numbers}</PP_GIPAW_CORE_ORBITAL.1>
<PP_GIPAW_ORBITAL.1 l="0"></PP_GIPAW_ORBITAL.1><PP_GIPAW_ORBITAL.2 l="1"></PP_GIPAW_ORBITAL.2>
</PP_GIPAW>
</UPF>
""".encode()


def upf_node(element: str, valence: float, functional: str = "PBE") -> UpfData:
    """Return the stored node of such a file."""
    return UpfData(BytesIO(upf(element, valence, functional)), filename=f"{element}.UPF").store()


def oxygen_pair(hole: str = "full", valence: float = 6.0, energies: bool = True, **facts: Any) -> CoreHolePairData:
    """Return the stored pair of oxygen for the K edge.

    :param hole: half or full.
    :param valence: of the ground state.
    :param energies: whether those of the atoms are known.
    :param facts: further attributes, such as the verdict.
    """
    removed = {"half": 0.5, "full": 1.0}[hole]
    pair = CoreHolePair(  # noqa: S604 (a shell of electrons)
        ground=upf("O", valence),
        hole=upf("O", valence + removed),
        shell="1s",
        occupation_removed=removed,
        ground_energies=_ENERGIES["ground"] if energies else None,
        hole_energies=_ENERGIES[hole] if energies else None,
    )
    given = {"verdict": "passed", "cutoff_wfc": 40.0, "cutoff_rho": 320.0, **facts}
    node: CoreHolePairData = CoreHolePairData(pair, given).store()
    return node


def oxygen_structure(*symbols: str) -> orm.StructureData:
    """Return a stored cubic cell, 4.2 Å wide, with atoms on its diagonal."""
    structure = orm.StructureData(cell=np.diag([4.2, 4.2, 4.2]).tolist())
    for index, symbol in enumerate(symbols):
        structure.append_atom(symbols=symbol, position=[4.2 * index / len(symbols)] * 3)
    return structure.store()


def band_node(bands: Any, n_filled: Any) -> orm.BandsData:
    """Return bands at two k-points, of which so many are filled in each spin."""
    counts = np.reshape(n_filled, (-1, 1, 1)) if np.ndim(n_filled) else n_filled
    occupations = (np.arange(np.shape(bands)[-1]) < counts) * np.ones(np.shape(bands))
    node = orm.BandsData()
    node.set_kpoints([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
    node.set_bands(np.array(bands), units="eV", occupations=occupations)
    return node
