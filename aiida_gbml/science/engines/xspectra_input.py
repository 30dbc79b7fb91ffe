"""What ``xspectra.x`` is asked for: namelists of one run, and all that can be refused before it starts.

The program answers many wrong inputs with a spectrum and the return code 0 (Quantum ESPRESSO, INPUT_XSPECTRA and its
source): a direction in crystal axes, a core orbital taken from the wrong lines of a file, an edge for which there are
no projectors. Keywords, their values and the fit of files and edge are therefore checked here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array

Namelists = dict[str, dict[str, Any]]

CORE_SHELLS = {"K": "1s", "L1": "2s", "L2": "2p", "L3": "2p", "L23": "2p"}
"""Edges, and the shell of the core hole."""

MOST_PLOTTED = 20_000
"""Points of a spectrum: over 50 eV they are as close as a hundredth of a narrow line."""

PREFIX = "aiida"
FOLDER = "out"
CORE_FILE = "core_orbitals.txt"
NEW, CONTINUED, REPLOTTED = "new", "continued", "replotted"
"""How a run begins: without, with an interrupted, or with a complete file of Lanczos coefficients."""

_DIPOLE, _QUADRUPOLE = "xanes_dipole", "xanes_quadrupole"
_SHELL_ORDER = ("1s", "2s", "2p")  # the position in the file of core orbitals is all the program goes by
_DEFAULTS: Namelists = {
    "INPUT_XSPECTRA": {"calculation": _DIPOLE, "edge": "K", "xniter": 2000, "xcheck_conv": 10, "xerror": 0.01},
    "PLOT": {
        "xnepoint": 1000,
        "xgamma": 0.3,
        "xemin": -10.0,
        "xemax": 40.0,
        "terminator": True,
        "cut_occ_states": True,
    },
    "PSEUDOS": {},
    # Longer first steps than the program's own: 20 times faster, within 2e-6 of the peak (diamond, xgamma 0.2 eV).
    "CUT_OCC": {"cut_desmooth": 0.1, "cut_stepl": 0.05, "cut_stepu": 0.05},
}
_KEYWORDS: dict[str, dict[str, Any]] = {
    "INPUT_XSPECTRA": {
        "calculation": (_DIPOLE, _QUADRUPOLE),
        "edge": tuple(CORE_SHELLS),
        "lplus": bool,
        "lminus": bool,
        "verbosity": ("low", "high"),
        "xe0": float,
        "xkvec": 3,
        "xniter": int,
        "xcheck_conv": int,
        "xerror": float,
        "time_limit": int,
        "u_projection_type": ("atomic", "ortho-atomic", "norm-atomic", "file", "pseudo"),
    },
    "PLOT": {
        "xnepoint": int,
        "xgamma": float,
        "xemin": float,
        "xemax": float,
        "terminator": bool,
        "cut_occ_states": bool,
        "gamma_mode": ("constant", "variable"),
        "gamma_energy": 2,
        "gamma_value": 2,
    },
    "PSEUDOS": {"r_paw(0)": float, "r_paw(1)": float, "r_paw(2)": float},
    "CUT_OCC": {
        **dict.fromkeys(
            ("cut_ierror", "cut_stepu", "cut_stepl", "cut_startt", "cut_tinf", "cut_tsup", "cut_desmooth"), float
        ),
        "cut_nmemu": int,
        "cut_nmeml": int,
    },
}
"""Keywords a user may set, with the type, the choices, or the number of numbers in a list."""

_SET_HERE = (
    *("prefix", "outdir", "xiabs", "filecore", "xcoordcrys", "xepsilon", "x_save_file", "xanes_file"),
    *("xonly_plot", "restart_mode"),
)
_MAY_BE_NEGATIVE = {"xe0", "xemin", "xemax", "gamma_energy", "xkvec"}
_LANCZOS = {"INPUT_XSPECTRA": ("calculation", "edge", "lplus", "lminus", "xkvec"), "PSEUDOS": ("r_paw",)}


class XspectraInputError(ValueError):
    """``xspectra.x`` cannot be asked for this, or would answer something else."""


def run_name(index: int) -> str:
    """Return the name, without suffix, of the files of one direction of polarisation."""
    return f"polarisation_{index}"


def complete_parameters(parameters: Mapping[str, Mapping[str, Any]]) -> Namelists:
    """Return the namelists with the defaults filled in.

    :param parameters: namelists in upper case with keywords in lower case; energies in eV, radii in bohr.
    :raises XspectraInputError: naming the keyword that is unknown, set by the plugin, or has an impossible value.
    """
    for name, values in parameters.items():
        if name not in _KEYWORDS:
            raise XspectraInputError(f"there is no namelist {name!r}, expected {', '.join(_KEYWORDS)}")
        if not isinstance(values, Mapping):
            raise XspectraInputError(f"the namelist {name} is {values!r}, expected keywords and values")
        for key, value in values.items():
            _check_keyword(name, key, value)
    complete = {name: {**defaults, **parameters.get(name, {})} for name, defaults in _DEFAULTS.items()}
    _check_transitions(complete["INPUT_XSPECTRA"])
    _check_plot(complete["PLOT"])
    return complete


def check_polarisations(polarisations: Any, parameters: Namelists) -> Array:
    """Return (k, 3) unit vectors.

    :param polarisations: k Cartesian vectors of any length.
    :param parameters: complete namelists; for quadrupole transitions they hold the wave vector.
    :raises XspectraInputError: when they are no directions, or not perpendicular to the wave vector.
    """
    try:
        vectors = np.array(polarisations, dtype=float)
    except (TypeError, ValueError):
        vectors = np.zeros(0)
    lengths = np.linalg.norm(vectors, axis=1) if vectors.ndim == 2 else np.zeros(0)
    if not len(lengths) or vectors.shape[1] != 3 or not np.all(np.isfinite(lengths) & (lengths > 1e-6)):
        raise XspectraInputError(
            f"the polarisations are {polarisations!r}, expected a list of Cartesian vectors such as [[1, 0, 0]]"
        )
    units = vectors / lengths[:, None]
    if parameters["INPUT_XSPECTRA"]["calculation"] == _QUADRUPOLE:
        beam = np.array(parameters["INPUT_XSPECTRA"]["xkvec"], dtype=float)
        slanted = np.abs(units @ beam / np.linalg.norm(beam)) > 1e-6
        if np.any(slanted):
            raise XspectraInputError(
                f"the polarisation {vectors[slanted][0].tolist()} is not perpendicular to the wave vector 'xkvec' "
                f"{beam.tolist()}"
            )
    return np.asarray(units)


def check_core_orbitals(text: str, edge: str, mesh_size: int) -> None:
    """Raise unless the program will find the core orbital of an edge where it looks for it.

    It skips a header line and, for each of 1s, 2s, 2p before the wanted one, a fixed number of lines.

    :param text: core orbitals, each ``mesh_size`` lines ``r f`` (bohr, bohr^-1/2) and a blank line.
    :param mesh_size: number of radial points in the absorber's pseudopotential.
    """
    shell = CORE_SHELLS[edge]
    position = _SHELL_ORDER.index(shell)
    blocks = re.split(r"\n[ \t]*\n", text.partition("\n")[2].rstrip() + "\n\n")[:-1]
    if not any(block.strip() for block in blocks):
        raise XspectraInputError("the file of core orbitals is empty: extract it from the ground-state pseudopotential")
    if len(blocks) <= position:
        raise XspectraInputError(
            f"the file of core orbitals ends before the {shell} orbital, which the {edge} edge needs: take a "
            f"pseudopotential with {shell} in its core, and GIPAW reconstruction"
        )
    for block in blocks[: position + 1]:
        _check_orbital(block, mesh_size)


def check_projectors(projectors: Collection[int], parameters: Namelists) -> None:
    """Raise unless the absorber's pseudopotential can reconstruct the final states of the wanted transitions.

    :param projectors: angular momenta of its GIPAW projectors.
    """
    settings = parameters["INPUT_XSPECTRA"]
    needed = {2} if settings["calculation"] == _QUADRUPOLE else {1}
    if CORE_SHELLS[settings["edge"]] == "2p":
        needed = {2} if settings.get("lplus") else {0} if settings.get("lminus") else {0, 2}
    missing = sorted(needed - set(projectors))
    if missing:
        raise XspectraInputError(
            f"the absorber's pseudopotential has no GIPAW projectors for {'spd'[missing[0]]} states, into which the "
            f"{settings['edge']} edge ({settings['calculation']}) leads: take one that has them"
        )


def same_lanczos(parameters: Namelists, earlier: Namelists) -> None:
    """Raise unless the coefficients of an earlier run are those that these parameters would give.

    :param parameters: complete namelists of this run.
    :param earlier: complete namelists of the earlier run.
    """
    for name, prefixes in _LANCZOS.items():
        for key in sorted({*parameters[name], *earlier[name]}):
            new, old = parameters[name].get(key), earlier[name].get(key)
            if key.startswith(prefixes) and new != old:
                raise XspectraInputError(
                    f"'{key}' is {new!r} but was {old!r} in the run of 'save_folder': a replot can change what is in "
                    "PLOT and CUT_OCC, and xe0; leave 'save_folder' away to compute anew"
                )


def run_namelists(
    parameters: Namelists,
    polarisation: Array,
    name: str,
    *,
    xiabs: int,
    beginning: str = NEW,
    time_limit: int | None = None,
) -> Namelists:
    """Return the namelists for one direction of polarisation.

    :param parameters: complete namelists.
    :param polarisation: (3,) Cartesian unit vector.
    :param name: of the files of this run, without suffix.
    :param xiabs: place of the absorber among the atomic species, from 1.
    :param beginning: ``NEW``, ``CONTINUED`` or ``REPLOTTED``.
    :param time_limit: seconds after which the run stops by itself, unless the parameters say.
    """
    namelists = {key: dict(values) for key, values in parameters.items()}
    namelists["INPUT_XSPECTRA"] |= {
        "edge": computed_edge(parameters),
        "prefix": PREFIX,
        "outdir": f"./{FOLDER}/",
        "xiabs": xiabs,
        "xcoordcrys": False,
        "xepsilon": [float(component) for component in polarisation],
        "x_save_file": f"{name}.sav",
        "xonly_plot": beginning == REPLOTTED,
        "restart_mode": "restart" if beginning == CONTINUED else "from_scratch",
    }
    if time_limit is not None:
        namelists["INPUT_XSPECTRA"].setdefault("time_limit", time_limit)
    namelists["PLOT"]["xanes_file"] = f"{name}.dat"
    namelists["PSEUDOS"]["filecore"] = CORE_FILE
    return namelists


def computed_edge(parameters: Namelists) -> str:
    """Return the edge in the program's own words: L2 and L3 together are 3/2 of L3 (see ``SCALES``)."""
    edge: str = parameters["INPUT_XSPECTRA"]["edge"]
    return "L3" if edge == "L23" else edge


SCALES = {"L23": 1.5}
"""Factors on the computed cross section.

Without multiplets L3 is exactly twice L2 (INPUT_XSPECTRA); their sum leaves the spin-orbit splitting to the user.
"""


def fermi_energy(parameters: Mapping[str, Any], found: Mapping[str, Any]) -> float | None:
    """Return the energy in eV below which a parent with smeared occupations is occupied, None for other parents.

    The program itself would take the top of the bands that the electrons fill by their number (6.7), or that have an
    occupation above 0.001 (7.x): in a metal both are eV away from the Fermi energy, and the spectrum is cut there.

    :param parameters: namelists of ``pw.x``.
    :param found: its output parameters.
    """
    if parameters.get("SYSTEM", {}).get("occupations", "fixed") in ("fixed", "from_input"):
        return None
    energies = [found.get(f"fermi_energy{spin}") for spin in ("", "_up", "_down")]
    return max((float(energy) for energy in energies if isinstance(energy, int | float)), default=None)


def kpoints_line(mesh: Sequence[int], offset: Sequence[float]) -> str:
    """Return the last line of the input: the full mesh and its shift.

    :param mesh: 3 numbers of points.
    :param offset: 3 shifts in units of the mesh spacing, 0 or 0.5.
    """
    if any(shift not in (0.0, 0.5) for shift in offset):
        raise XspectraInputError(f"the k-point mesh is shifted by {list(offset)}, expected 0 or 0.5 in each direction")
    return " ".join(str(int(number)) for number in (*mesh, *(2 * shift for shift in offset))) + "\n"


def _check_keyword(namelist: str, key: Any, value: Any) -> None:
    """Raise unless a user may set a keyword to a value."""
    if key in _SET_HERE:
        raise XspectraInputError(f"'{key}' follows from the other inputs: leave it out of {namelist}")
    if key not in _KEYWORDS[namelist]:
        raise XspectraInputError(f"{namelist} has no keyword {key!r} here, expected {', '.join(_KEYWORDS[namelist])}")
    kind = _KEYWORDS[namelist][key]
    if isinstance(kind, tuple):
        if value not in kind:
            raise XspectraInputError(f"'{key}' is {value!r}, expected one of {', '.join(kind)}")
    elif kind is bool:
        if not isinstance(value, bool):
            raise XspectraInputError(f"'{key}' is {value!r}, expected true or false")
    else:
        _check_numbers(key, value, kind)


def _check_numbers(key: str, value: Any, kind: Any) -> None:
    """Raise unless a value is a finite number, or the right number of them, of a possible sign."""
    numbers = value if isinstance(kind, int) and isinstance(value, list | tuple) else [value]
    count = kind if isinstance(kind, int) else 1
    wanted = int if kind is int else (int, float)
    if len(numbers) != count or any(isinstance(item, bool) or not isinstance(item, wanted) for item in numbers):
        what = f"{count} numbers" if count > 1 else "a whole number" if kind is int else "a number"
        raise XspectraInputError(f"'{key}' is {value!r}, expected {what}")
    if not all(math.isfinite(item) and (item > 0 or key in _MAY_BE_NEGATIVE) for item in numbers):
        raise XspectraInputError(f"'{key}' is {value!r}, expected something above zero")


def _check_transitions(settings: Mapping[str, Any]) -> None:
    """Raise unless the program has the wanted transitions."""
    edge, is_p = settings["edge"], CORE_SHELLS[settings["edge"]] == "2p"
    if settings["calculation"] == _QUADRUPOLE:
        if is_p:
            raise XspectraInputError(
                f"xspectra.x has no quadrupole transitions for the {edge} edge: use 'calculation' {_DIPOLE!r}"
            )
        if not any(settings.get("xkvec", ())):
            raise XspectraInputError("quadrupole transitions need the wave vector 'xkvec', a Cartesian vector")
    if not is_p and (settings.get("lplus") or settings.get("lminus")):
        raise XspectraInputError(f"'lplus' and 'lminus' choose transitions from 2p, not those of the {edge} edge")
    if settings.get("lplus") and settings.get("lminus"):
        raise XspectraInputError("'lplus' and 'lminus' exclude each other: leave both out for all transitions")


def _check_plot(plot: Mapping[str, Any]) -> None:
    """Raise unless the energies and widths of the plot are complete."""
    if plot["xnepoint"] < 2 or not plot["xemin"] < plot["xemax"]:
        raise XspectraInputError(
            f"'xnepoint' is {plot['xnepoint']}, 'xemin' {plot['xemin']} and 'xemax' {plot['xemax']} eV: expected two "
            "points or more on an ascending range"
        )
    if plot["xnepoint"] > MOST_PLOTTED:
        raise XspectraInputError(f"'xnepoint' is {plot['xnepoint']}, expected at most {MOST_PLOTTED} points")
    if plot.get("gamma_mode") == "variable" and not {"gamma_energy", "gamma_value"} <= set(plot):
        raise XspectraInputError("'gamma_mode' 'variable' needs 'gamma_energy' and 'gamma_value', two numbers each")


def _check_orbital(block: str, mesh_size: int) -> None:
    """Raise unless an orbital stands on the mesh of the absorber's pseudopotential."""
    lines = block.strip("\n").split("\n")
    if len(lines) != mesh_size:
        raise XspectraInputError(
            f"an orbital in the file of core orbitals has {len(lines)} points, but the absorber's pseudopotential has "
            f"{mesh_size}: extract it from the ground-state pseudopotential of the same pair"
        )
    try:
        values = np.array([line.split() for line in lines], dtype=float)
    except ValueError:
        values = np.zeros(0)
    if values.shape != (mesh_size, 2) or not np.all(np.isfinite(values)):
        raise XspectraInputError("the file of core orbitals holds lines that are not two numbers: extract it again")
