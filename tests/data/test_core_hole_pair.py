"""The node of two datasets that belong together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.science.spectra.pair import CoreHolePair

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]

Make = Callable[..., CoreHolePairData]


def test_a_stored_pair_is_the_pair(carbon_pair: Callable[[str], CoreHolePair], carbon_pair_data: Make) -> None:
    stored = orm.load_node(carbon_pair_data("full", lattice_error=0.001).store().pk)
    assert isinstance(stored, CoreHolePairData)
    assert stored.pair == carbon_pair("full")
    assert stored.ground == carbon_pair("full").ground
    assert stored.core_orbitals == carbon_pair("full").core_orbitals_text.encode()
    assert stored.base.attributes.get("lattice_error") == 0.001
    assert stored.filenames == {
        "ground": "C.ground.UPF",
        "hole": "C.full1s.UPF",
        "core_orbitals": "C.core.txt",
    }


def test_attributes_say_what_it_is(carbon_pair_data: Make) -> None:
    known = carbon_pair_data("half").base.attributes.all
    expected = {"element": "C", "shell": "1s", "hole": "half", "functional": "PBE", "pseudo_type": "US"}
    expected |= {"z_valence_ground": 4.0, "z_valence_hole": 4.5, "orbitals": "1s", "recipe": "C", "verdict": "passed"}
    assert {name: known[name] for name in expected} == expected
    assert "6.7" in known["generator"] or "atomic" in known["generator"]


@pytest.mark.parametrize(("hole", "term"), [("half", 184.195), ("full", 390.480)])
def test_the_core_term_is_that_of_the_same_inputs_run_by_hand(carbon_pair_data: Make, hole: str, term: float) -> None:
    assert carbon_pair_data(hole).base.attributes.get("core_term") == pytest.approx(term, abs=0.01)


def test_pairs_are_found_by_what_they_are(carbon_pair_data: Make) -> None:
    full, half = carbon_pair_data("full").store(), carbon_pair_data("half", verdict="failed").store()
    again = carbon_pair_data("full").store()
    found = CoreHolePairData.query(element="C", shell="1s").all(flat=True)  # noqa: S604 (a shell of electrons)
    assert [node.pk for node in found] == [again.pk, half.pk, full.pk]
    assert [node.pk for node in CoreHolePairData.query(hole="half").all(flat=True)] == [half.pk]
    assert [node.pk for node in CoreHolePairData.query(verdict="passed", recipe="C").all(flat=True)] == [
        again.pk,
        full.pk,
    ]
    assert CoreHolePairData.query(element="O").count() == 0


def test_a_pair_without_energies_has_no_core_term(carbon_pair: Callable[[str], CoreHolePair]) -> None:
    whole = carbon_pair("full")
    pair = CoreHolePair(ground=whole.ground, hole=whole.hole, shell="1s", occupation_removed=1.0)  # noqa: S604
    node = CoreHolePairData(pair).store()
    assert node.base.attributes.get("core_term") is None
    assert node.base.attributes.get("verdict") == "unchecked"
    assert node.pair == pair
    assert node.filenames["hole"] == "C.full1s.UPF"


def test_what_is_no_pair_is_not_stored(carbon_pair_data: Make, carbon_upf: Callable[[str], bytes]) -> None:
    with pytest.raises(ValidationError, match=r"holds no 'core_orbitals\.txt'"):
        CoreHolePairData().store()
    with pytest.raises(ValidationError, match="the verdict is 'fine', expected one of passed, failed, unchecked"):
        carbon_pair_data("full", verdict="fine").store()
    exchanged = carbon_pair_data("full")
    exchanged.base.repository.put_object_from_bytes(carbon_upf("half"), "hole.upf")
    with pytest.raises(ValidationError, match=r"'hole.upf' is not the file of `hole_md5`"):
        exchanged.store()
    wrong = carbon_pair_data("full")
    wrong.base.attributes.set("hole", "half")
    with pytest.raises(ValidationError, match="do not belong together"):
        wrong.store()
