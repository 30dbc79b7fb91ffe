"""Tests of aiida_gbml.science.engines.lammps.potential."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsPotentialError, setfl_elements

MGO = {
    "pair_style": "buck/coul/long 10.0",
    "pair_coeff": ["Mg O 821.6 0.3242 0.0", "O O 22764.0 0.149 27.88", "Mg Mg 0.0 1.0 0.0"],
    "charges": {"Mg": 2.0, "O": -2.0},
}
HARMLESS = re.compile(r"(pair_style|pair_coeff|kspace_style) [A-Za-z0-9_.+*/ -]*")


def test_elements_become_types_in_rising_order():
    potential = LammpsPotential.from_dict(MGO)
    assert potential.commands(["O", "Mg"]) == [
        "pair_style buck/coul/long 10.0",
        "pair_coeff 1 2 821.6 0.3242 0.0",
        "pair_coeff 1 1 22764.0 0.149 27.88",
        "pair_coeff 2 2 0.0 1.0 0.0",
    ]
    assert potential.kspace_commands() == ["kspace_style ewald 1e-6"]


def test_a_file_is_followed_by_the_elements():
    potential = LammpsPotential.from_file_name("NiAlH_jea.eam.alloy")
    assert potential.commands(["Al", "Ni"]) == ["pair_style eam/alloy", "pair_coeff * * NiAlH_jea.eam.alloy Al Ni"]
    assert potential.files == ("NiAlH_jea.eam.alloy",)
    assert LammpsPotential.from_file_name("Fe_mm.eam.fs").style == "eam/fs"
    assert potential.kspace_commands() == []


def test_functions_of_elements_are_mixed_by_lammps():
    """The universal functions of Foiles, Baskes & Daw, Phys. Rev. B 33, 7983 (1986): one file an element."""
    settings = {"pair_style": "eam", "pair_coeff": ["Cu Cu Cu_u3.eam", "Ni Ni Ni_u3.eam"]}
    potential = LammpsPotential.from_dict(settings)
    assert potential.files == ("Cu_u3.eam", "Ni_u3.eam")
    assert potential.commands(["Ni", "Cu"]) == [
        "pair_style eam",
        "pair_coeff 2 2 Cu_u3.eam",
        "pair_coeff 1 1 Ni_u3.eam",
    ]
    potential.check_elements(["Cu", "Ni"])
    with pytest.raises(LammpsPotentialError, match="Au-Au"):
        potential.check_elements(["Au", "Cu"])


def test_a_potential_survives_the_way_through_json():
    potential = LammpsPotential.from_dict(MGO)
    assert LammpsPotential.from_dict(potential.to_dict()) == potential


def test_missing_pairs_and_charges_are_named():
    with pytest.raises(LammpsPotentialError, match="no charge for Ca"):
        LammpsPotential.from_dict(MGO).check_elements(["Ca", "O"])
    lacking = LammpsPotential.from_dict({**MGO, "pair_coeff": MGO["pair_coeff"][:2]})
    with pytest.raises(LammpsPotentialError, match="Mg-Mg"):
        lacking.check_elements(["Mg", "O"])
    lacking.check_elements(["O"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pair_style": "python"}, "'python' is not supported"),
        ({"pair_style": ""}, "'' is not supported"),
        ({"pair_style": "buck/coul/long ${x}"}, "is no number"),
        ({"pair_style": "eam/alloy", "pair_coeff": ["* * ../Cu.eam.alloy"]}, "plain file name"),
        ({"pair_style": "eam/alloy", "pair_coeff": ["* * in.lammps"]}, "plain file name"),
        ({"pair_style": "eam", "pair_coeff": ["* * Cu_u3.eam"]}, "must read 'A A FILE'"),
        ({"pair_style": "eam", "pair_coeff": ["Cu Ni Cu_u3.eam"]}, "must read 'A A FILE'"),
        ({"pair_style": "eam", "pair_coeff": ["Cu Cu ../Cu_u3.eam"]}, "plain file name"),
        ({"pair_style": "eam/alloy", "pair_coeff": ["* * Cu.eam.alloy Cu"]}, "plain file name"),
        ({"pair_coeff": ["Mg Xx 1.0"]}, "two element symbols"),
        ({"pair_coeff": ["Mg"]}, "two element symbols"),
        ({"pair_coeff": []}, "at least one line"),
        ({"charges": {"Mg": float("nan")}}, "no charge"),
        ({"charges": {"Mg": "2"}}, "no charge"),
        ({"charges": None}, "needs 'pair_style'"),
        ({"kspace_style": "shell 1"}, "'shell' is not supported"),
        ({"cutoff": 3.0}, "unknown potential setting 'cutoff'"),
        ({"pair_style": 3}, "needs 'pair_style'"),
    ],
)
def test_wrong_settings_are_refused_in_words(changes, message):
    with pytest.raises(LammpsPotentialError, match=re.escape(message)):
        LammpsPotential.from_dict({**MGO, **changes})


def test_a_file_name_that_tells_nothing_is_refused():
    with pytest.raises(LammpsPotentialError, match=r"known suffixes: \.eam\.alloy"):
        LammpsPotential.from_file_name("potential.txt")


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text("*MgOCu 0123456789.e+-/\n\r\t\x0b\u2028$&#\"'\\`;", max_size=40),
    st.sampled_from(["Mg O 1.0\nshell rm -rf /", "* * x$(1)", "* * a\u0085b", "eam/alloy\nshell ls", "buck\u20281.0"]),
)


@given(style=HOSTILE, line=HOSTILE, kspace=HOSTILE, prefix=st.sampled_from(["", "buck ", "eam/alloy "]))
def test_nothing_hostile_reaches_an_input_file(style, line, kspace, prefix):
    try:
        potential = LammpsPotential.from_dict(
            {
                "pair_style": prefix + style,
                "pair_coeff": [line],
                "kspace_style": kspace or "ewald 1e-6",
            }
        )
    except LammpsPotentialError:
        return
    for command in potential.commands(["Mg", "O"]) + potential.kspace_commands():
        assert HARMLESS.fullmatch(command)


def test_elements_of_a_setfl_file():
    assert setfl_elements("a\nb\nc\n2 Ni Al\n1 2 3") == ("Ni", "Al")
    for text in ("", "a\nb\nc\n3 Ni Al\n", "a\nb\nc\n\n"):
        with pytest.raises(LammpsPotentialError, match="line 4"):
            setfl_elements(text)
