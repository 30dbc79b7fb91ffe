"""A family of one pseudopotential that needs no file of Quantum ESPRESSO."""

from __future__ import annotations

import io

import pytest
from aiida_pseudo.data.pseudo import UpfData
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily


@pytest.fixture
def pseudo_family(aiida_profile_clean: object) -> str:
    """Return the label of a family that knows hydrogen and helium, with cutoffs of 20 and 30 Ry."""
    family = CutoffsPseudoPotentialFamily(label="light").store()
    for element, valence in (("H", 1.0), ("He", 2.0)):
        header = f'<UPF version="2.0.1"><PP_HEADER\nelement="{element}"\nz_valence="{valence}"\n/></UPF>\n'
        family.add_nodes([UpfData(io.BytesIO(header.encode()), filename=f"{element}.upf").store()])
    cutoffs = {"H": {"cutoff_wfc": 20, "cutoff_rho": 80}, "He": {"cutoff_wfc": 30, "cutoff_rho": 120}}
    family.set_cutoffs(cutoffs, "normal", unit="Ry")
    return "light"
