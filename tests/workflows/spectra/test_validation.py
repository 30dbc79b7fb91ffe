"""What is refused before a spectrum is stored, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.orm.nodes.data.structure import Kind, Site
from aiida_quantumespresso.data.hubbard_structure import HubbardStructureData
from core_hole_data import oxygen_pair, oxygen_structure, upf_node

from aiida_gbml.workflows.spectra import validation

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def inputs(system: Any = None, settings: Any = None, **changes: Any) -> dict[str, Any]:
    """Return the inputs of a spectrum."""
    pw = {"parameters": orm.Dict({"SYSTEM": system or {}})}
    given = {
        "structure": oxygen_structure("Mg", "O"),
        "site": orm.Int(1),
        "edge": orm.Str("K"),
        "treatments": orm.List(["full"]),
        "pairs": {"full": oxygen_pair()},
        "pseudos": {"Mg": upf_node("Mg", 2)},
        "alignment": orm.Str("transition_energy"),
        "electronic_type": orm.Str("insulator"),
        "accept_failed_pseudos": orm.Bool(False),
        "pw": {"pw": pw if settings is None else {**pw, "settings": orm.Dict(settings)}},
        "polarisations": orm.Dict({"mode": "powder"}),
        "xspectra": {},
    }
    return {**given, **changes}


def complaint(*arguments: Any, **changes: Any) -> str:
    """Return what is said against some inputs."""
    return str(validation.validate_spectrum(inputs(*arguments, **changes), None))


def test_inputs_that_fit_are_accepted() -> None:
    assert complaint() == "None"
    assert complaint(accept_failed_pseudos=orm.Bool(True), pairs={"full": oxygen_pair(verdict="failed")}) == "None"
    pairs = {"half": oxygen_pair("half", energies=False)}
    assert complaint(alignment=orm.Str("fermi"), treatments=orm.List(["half", "none"]), pairs=pairs) == "None"


def test_structures_that_cannot_be_computed_are_named() -> None:
    assert "there is no site 2" in complaint(site=orm.Int(2))
    disordered = orm.StructureData(cell=[[4.0, 0, 0], [0, 4.0, 0], [0, 0, 4.0]])
    disordered.append_kind(Kind(symbols=["O", "F"], weights=[0.5, 0.5], name="X"))
    disordered.append_site(Site(kind_name="X", position=(0, 0, 0)))
    assert "kind 'X' are partly occupied" in complaint(structure=disordered, site=orm.Int(0))
    hubbard = HubbardStructureData.from_structure(oxygen_structure("Mg", "O"))
    assert "Hubbard parameters" in complaint(structure=hubbard)


def test_pairs_that_do_not_fit_are_named() -> None:
    assert "aiida-gbml launch core-hole-pseudos O" in complaint(pairs={})
    assert "`pairs.full` is missing" in complaint(pairs={"half": oxygen_pair("half")})
    assert "is of O, but the absorbing atom is Mg" in complaint(site=orm.Int(0))
    assert "holds a half hole" in complaint(pairs={"full": oxygen_pair("half")})
    assert "has its hole in 1s, but the edge L3 excites 2p" in complaint(edge=orm.Str("L3"))
    failed = oxygen_pair(verdict="failed", problems=["the norm of 1s is 1.2"])
    assert "'failed' (the norm of 1s is 1.2)" in complaint(pairs={"full": failed})
    assert "'unchecked' (nobody has checked them)" in complaint(pairs={"full": oxygen_pair(verdict="unchecked")})
    other = {"full": oxygen_pair(), "half": oxygen_pair("half", valence=5.0)}
    assert "different ground states" in complaint(pairs=other)


def test_a_pair_without_core_term_has_no_absolute_energy() -> None:
    pairs = {"full": oxygen_pair(energies=False)}
    assert "no core term" in complaint(pairs=pairs)
    assert complaint(pairs=pairs, alignment=orm.Str("onset")) == "None"


def test_other_datasets_that_do_not_fit_are_named() -> None:
    assert "no pseudopotential of Mg" in complaint(pseudos={})
    assert "is one of Al" in complaint(pseudos={"Mg": upf_node("Al", 3)})
    assert "functional of Mg is PZ" in complaint(pseudos={"Mg": upf_node("Mg", 2, "PZ")})


@pytest.mark.parametrize(
    ("system", "settings", "words"),
    [
        ({"noncolin": True}, None, "`noncolin` is set"),
        ({"lda_plus_u": True}, None, "`lda_plus_u` is set"),
        ({"input_dft": "PBE0"}, None, "`input_dft` is set"),
        ({"tefield": True}, None, "`tefield` is set"),
        ({"assume_isolated": "2D"}, None, "`assume_isolated` is set"),
        ({"occupations": "smearing"}, None, "change one of them"),
        ({}, {"gamma_only": True}, "`GAMMA_ONLY` is set"),
    ],
)
def test_parameters_without_a_spectrum_are_named(system: Any, settings: Any, words: str) -> None:
    assert words in complaint(system, settings)


def test_parameters_of_the_spectrum_are_checked_before_anything_runs() -> None:
    def told(settings: Any, polarisations: Any = None) -> str:
        given = {"xspectra": {"parameters": orm.Dict({"INPUT_XSPECTRA": settings})}}
        return complaint(xspectra=given, polarisations=orm.Dict(polarisations or {"mode": "powder"}))

    assert told({"xniter": 100}) == "None"
    assert "no keyword 'xnitre'" in told({"xnitre": 100})
    quadrupole = {"calculation": "xanes_quadrupole", "xkvec": [0, 0, 1]}
    assert "powder average of dipoles only" in told(quadrupole)
    assert "not perpendicular" in told(quadrupole, {"mode": "vectors", "vectors": [[1, 0, 1]]})
    assert told(quadrupole, {"mode": "vectors", "vectors": [[1, 0, 0]]}) == "None"


def test_a_molecule_may_be_isolated_and_a_metal_has_one_fermi_energy() -> None:
    molecule = orm.StructureData(cell=[[9.0, 0, 0], [0, 9.0, 0], [0, 0, 9.0]], pbc=[False] * 3)
    for index, symbol in enumerate(("Mg", "O")):
        molecule.append_atom(symbols=symbol, position=[2.0 * index, 0, 0])
    assert complaint({"assume_isolated": "mt"}, structure=molecule) == "None"
    fixed = {"nspin": 2, "tot_magnetization": 2}
    assert "two Fermi energies" in complaint(fixed, electronic_type=orm.Str("metal"))
    assert complaint(fixed) == "None"


def test_settings_of_their_own_are_checked() -> None:
    assert "expected one or more of" in str(validation.validate_treatments(orm.List(["whole"]), None))
    assert "expected one or more of" in str(validation.validate_treatments(orm.List([]), None))
    assert "expected one or more of" in str(validation.validate_treatments(orm.List([["full"]]), None))
    assert "stands twice" in str(validation.validate_treatments(orm.List(["full", "full"]), None))
    assert "no setting 'distance'" in str(validation.validate_cell(orm.Dict({"distance": 9}), None))
    assert "'min_box' must be a length" in str(validation.validate_cell(orm.Dict({"min_box": "8 Å"}), None))
    assert "'min_distance' must be" in str(validation.validate_cell(orm.Dict({"min_distance": -1.0}), None))
    assert "mode" in str(validation.validate_polarisations(orm.Dict({}), None))
    assert "broadening" in str(validation.validate_broadening(orm.Dict({"gauss": 1.0}), None))
    assert "the edge is 'M', expected one of K" in str(validation.one_of("edge", ("K",))(orm.Str("M"), None))
    law = {"arctangent": {"maximum": 10.0, "center": 20.0}}
    assert validation.validate_broadening(orm.Dict(law), None) is None  # its onset follows from the spectrum
