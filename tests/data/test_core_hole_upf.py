"""A pseudopotential whose valence need not be whole."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from aiida import orm
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_upf import CoreHoleUpfData

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile")]


def test_half_a_hole_is_a_pseudopotential(carbon_upf: Callable[[str], bytes]) -> None:
    with pytest.raises(ValueError, match="not an integer"):
        UpfData(BytesIO(carbon_upf("half")), filename="C.UPF")
    node = CoreHoleUpfData(BytesIO(carbon_upf("half")), filename="C.half1s.UPF").store()
    assert isinstance(node, UpfData)
    assert (node.element, node.z_valence, node.filename) == ("C", 4.5, "C.half1s.UPF")
    loaded = orm.load_node(node.pk)
    assert isinstance(loaded, CoreHoleUpfData)
    assert loaded.get_content(mode="rb") == carbon_upf("half")


def test_what_is_no_dataset_is_refused(carbon_upf: Callable[[str], bytes]) -> None:
    with pytest.raises(ValueError, match="no UPF file"):
        CoreHoleUpfData(BytesIO(b"element='C' z_valence='4.5'"), filename="C.UPF")
    with pytest.raises(ValueError, match="PP_R"):
        CoreHoleUpfData(BytesIO(carbon_upf("half")[:5_000]), filename="C.UPF")


def test_a_valence_is_positive(carbon_upf: Callable[[str], bytes]) -> None:
    node = CoreHoleUpfData(BytesIO(carbon_upf("half")), filename="C.UPF")
    for value in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="positive number"):
            node.z_valence = value
