"""Tests of aiida_gbml.science.engines.xspectra_input: what a run is asked for, and what is refused before it."""

import numpy as np
import pytest

from aiida_gbml.science.engines.xspectra_input import (
    CONTINUED,
    REPLOTTED,
    XspectraInputError,
    check_core_orbitals,
    check_polarisations,
    check_projectors,
    complete_parameters,
    computed_edge,
    fermi_energy,
    kpoints_line,
    run_namelists,
    same_lanczos,
)

QUADRUPOLE = {"calculation": "xanes_quadrupole", "xkvec": [0.0, 0.0, 2.0]}


def orbitals(*sizes):
    """Return core orbitals with these numbers of points."""
    return "# head\n" + "\n".join("".join(f"{r}.0 0.5\n" for r in range(size)) for size in sizes) + "\n"


def test_a_run_gets_what_was_given_and_what_follows():
    parameters = complete_parameters({"PLOT": {"xgamma": 0.8}, "PSEUDOS": {"r_paw(1)": 3.2}})
    namelists = run_namelists(parameters, np.array([0.0, 0.6, 0.8]), "here", xiabs=2, time_limit=7)
    assert namelists["PLOT"]["xgamma"] == 0.8
    assert namelists["PLOT"]["xanes_file"] == "here.dat"
    assert namelists["PSEUDOS"]["r_paw(1)"] == 3.2
    settings = namelists["INPUT_XSPECTRA"]
    assert settings["xcoordcrys"] is False  # else the program takes the direction in crystal axes
    assert settings["xepsilon"] == [0.0, 0.6, 0.8]
    assert (settings["xiabs"], settings["x_save_file"], settings["time_limit"]) == (2, "here.sav", 7)
    assert (settings["xonly_plot"], settings["restart_mode"]) == (False, "from_scratch")


@pytest.mark.parametrize(
    ("beginning", "expected"), [(CONTINUED, (False, "restart")), (REPLOTTED, (True, "from_scratch"))]
)
def test_coefficients_are_used_again(beginning, expected):
    namelists = run_namelists(complete_parameters({}), np.eye(3)[0], "here", xiabs=1, beginning=beginning)
    assert (namelists["INPUT_XSPECTRA"]["xonly_plot"], namelists["INPUT_XSPECTRA"]["restart_mode"]) == expected


def test_a_given_time_limit_stands():
    parameters = complete_parameters({"INPUT_XSPECTRA": {"time_limit": 60}})
    namelists = run_namelists(parameters, np.eye(3)[0], "here", xiabs=1, time_limit=7)
    assert namelists["INPUT_XSPECTRA"]["time_limit"] == 60


def test_the_program_knows_no_sum_of_edges():
    # "Please choose the one you want", says xspectra.x to L23 (read_input_and_bcast.f90).
    assert computed_edge(complete_parameters({"INPUT_XSPECTRA": {"edge": "L23"}})) == "L3"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"INPUTS": {}}, "no namelist 'INPUTS'"),
        ({"PLOT": [1]}, "PLOT is"),
        ({"PLOT": {"xgama": 0.3}}, "no keyword 'xgama'"),
        ({"PLOT": {"gamma_file": "x"}}, "no keyword 'gamma_file'"),
        ({"PLOT": {"xgamma": 0.0}}, "above zero"),
        ({"PLOT": {"xgamma": float("nan")}}, "above zero"),
        ({"PLOT": {"xgamma": True}}, "expected a number"),
        ({"PLOT": {"xgamma": "0.3 /"}}, "expected a number"),
        ({"PLOT": {"xnepoint": 1.5}}, "expected a whole number"),
        ({"PLOT": {"xnepoint": 1}}, "two points"),
        ({"PLOT": {"xnepoint": 1_000_000}}, "expected at most 20000 points"),
        ({"PLOT": {"xemin": 50}}, "ascending"),
        ({"PLOT": {"terminator": "yes"}}, "true or false"),
        ({"PLOT": {"gamma_mode": "file"}}, "constant, variable"),
        ({"PLOT": {"gamma_mode": "variable"}}, "gamma_energy"),
        ({"PLOT": {"gamma_energy": [1.0]}}, "2 numbers"),
        ({"INPUT_XSPECTRA": {"edge": "M1"}}, "K, L1, L2, L3, L23"),
        ({"INPUT_XSPECTRA": {"xiabs": 1}}, "follows from the other inputs"),
        ({"INPUT_XSPECTRA": {"xepsilon": [1, 0, 0]}}, "follows from the other inputs"),
        ({"INPUT_XSPECTRA": {"xcoordcrys": True}}, "follows from the other inputs"),
        ({"INPUT_XSPECTRA": {**QUADRUPOLE, "edge": "L3"}}, "no quadrupole transitions for the L3 edge"),
        ({"INPUT_XSPECTRA": {"calculation": "xanes_quadrupole"}}, "wave vector"),
        ({"INPUT_XSPECTRA": {**QUADRUPOLE, "xkvec": [0.0, 0.0, 0.0]}}, "wave vector"),
        ({"INPUT_XSPECTRA": {"lplus": True}}, "not those of the K edge"),
        ({"INPUT_XSPECTRA": {"edge": "L3", "lplus": True, "lminus": True}}, "exclude each other"),
        ({"PSEUDOS": {"filecore": "/etc/passwd"}}, "follows from the other inputs"),
    ],
)
def test_wrong_parameters_are_refused_in_a_sentence(parameters, message):
    with pytest.raises(XspectraInputError, match=message):
        complete_parameters(parameters)


@pytest.mark.parametrize(
    "vectors",
    [[], [[]], [1, 0, 0], [[1, 0]], [[0, 0, 0]], [[1, 0, float("inf")]], [["a", 0, 0]], None, [[1, 0, 0], [1]]],
)
def test_what_is_no_direction_is_refused(vectors):
    with pytest.raises(XspectraInputError, match="Cartesian vectors"):
        check_polarisations(vectors, complete_parameters({}))


def test_directions_are_normalised():
    units = check_polarisations([[2, 0, 0], [1, 1, 1]], complete_parameters({}))
    assert np.allclose(units, [[1, 0, 0], [3**-0.5] * 3])


def test_the_polarisation_of_light_is_perpendicular_to_its_wave_vector():
    parameters = complete_parameters({"INPUT_XSPECTRA": QUADRUPOLE})
    assert np.allclose(check_polarisations([[3, 4, 0]], parameters), [[0.6, 0.8, 0]])
    with pytest.raises(XspectraInputError, match="not perpendicular"):
        check_polarisations([[1, 0, 0], [1, 0, 1]], parameters)


@pytest.mark.parametrize(("edge", "count"), [("K", 1), ("L1", 2), ("L2", 3), ("L3", 3), ("L23", 3)])
def test_the_core_orbital_is_where_the_program_looks(edge, count):
    check_core_orbitals(orbitals(*[5] * count), edge, 5)
    if count > 1:
        with pytest.raises(XspectraInputError, match="ends before the 2"):
            check_core_orbitals(orbitals(*[5] * (count - 1)), edge, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# head\n", "is empty"),
        (orbitals(4), "4 points, but the absorber's pseudopotential has 5"),
        (orbitals(6), "6 points, but the absorber's pseudopotential has 5"),
        (orbitals(5).replace("0.5", "x", 1), "not two numbers"),
        (orbitals(5).replace("0.5", "nan", 1), "not two numbers"),
        (orbitals(5).replace(" 0.5", "", 1), "not two numbers"),
    ],
)
def test_core_orbitals_of_another_mesh_are_refused(text, message):
    with pytest.raises(XspectraInputError, match=message):
        check_core_orbitals(text, "K", 5)


@pytest.mark.parametrize(
    ("settings", "projectors", "missing"),
    [
        ({"edge": "K"}, (0, 1), None),
        ({"edge": "K"}, (0, 2), "p"),
        ({"edge": "L1"}, (0,), "p"),
        ({"edge": "L3"}, (0, 1, 2), None),
        ({"edge": "L3"}, (0, 1), "d"),
        ({"edge": "L23"}, (1, 2), "s"),
        ({"edge": "L2", "lplus": True}, (1, 2), None),
        ({"edge": "L2", "lminus": True}, (0, 1), None),
        (QUADRUPOLE, (0, 1), "d"),
    ],
)
def test_final_states_need_projectors(settings, projectors, missing):
    parameters = complete_parameters({"INPUT_XSPECTRA": settings})
    if missing is None:
        check_projectors(projectors, parameters)
    else:
        with pytest.raises(XspectraInputError, match=f"no GIPAW projectors for {missing} states"):
            check_projectors(projectors, parameters)


def test_a_replot_changes_the_plot_only():
    first = complete_parameters({"PSEUDOS": {"r_paw(1)": 3.2}})
    same_lanczos(complete_parameters({"PLOT": {"xgamma": 2.0}, "PSEUDOS": {"r_paw(1)": 3.2}}), first)
    for changed in (
        {"PSEUDOS": {"r_paw(1)": 3.0}},
        {},
        {"INPUT_XSPECTRA": {"edge": "L1"}, "PSEUDOS": {"r_paw(1)": 3.2}},
    ):
        with pytest.raises(XspectraInputError, match="in the run of 'save_folder'"):
            same_lanczos(complete_parameters(changed), first)


def test_the_mesh_is_written_with_its_shift():
    assert kpoints_line((3, 2, 1), (0.5, 0.0, 0.5)) == "3 2 1 1 0 1\n"
    with pytest.raises(XspectraInputError, match=r"0 or 0\.5"):
        kpoints_line((3, 3, 3), (0.25, 0, 0))


@pytest.mark.parametrize(
    ("system", "found", "expected"),
    [
        ({}, {"fermi_energy": 3.0}, None),
        ({"occupations": "fixed"}, {"fermi_energy": 3.0}, None),
        ({"occupations": "smearing"}, {"fermi_energy": 3.0}, 3.0),
        ({"occupations": "smearing"}, {"fermi_energy_up": 3.0, "fermi_energy_down": 4.0}, 4.0),
        ({"occupations": "smearing"}, {}, None),
    ],
)
def test_a_metal_is_cut_at_its_fermi_energy(system, found, expected):
    assert fermi_energy({"SYSTEM": system}, found) == expected
