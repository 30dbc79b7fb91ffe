"""The input of one ``lmp`` process that evaluates a whole batch of structures.

LAMMPS reads two files. :data:`INPUT` lists the structures: it writes each as a data file and includes :data:`RECIPE`,
the same few commands for all. Every structure starts from ``clear`` and its results are appended to :data:`RESULTS`
before the next one begins, so that whatever stops the process, the structures before are safe.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ase.data import atomic_masses, atomic_numbers
from ase.symbols import Symbols

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.lammps.potential import LammpsPotential
from aiida_gbml.science.engines.lammps.settings import LammpsSettings, check_inputs, frame_of
from aiida_gbml.science.structure_set import StructureSet

INPUT, RECIPE, RESULTS, LOG = "in.lammps", "evaluate.lammps", "results.lammps", "log.lammps"
ARGUMENTS = ("-in", INPUT, "-log", "none", "-screen", "none")
HEADER = "gbml-lammps-results 1"
ATOM_FIELDS = "id xu yu zu fx fy fz c_energy"
BOX_FIELDS = ("lx", "ly", "lz", "xy", "xz", "yz")
PRESSURE_FIELDS = ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")

_STRUCTURE = "structure.data"
_BOX_RELAX = {"normal": "z 0.0 scalexz no scaleyz no", "isotropic": "iso 0.0", "free": "tri 0.0"}
# The reference cell of a box relaxation is the one it starts from: LAMMPS' manual asks for restarts.
_N_BOX_RELAXATIONS = {"normal": 4, "isotropic": 4, "free": 8}


def write_inputs(structures: StructureSet, potential: LammpsPotential, settings: LammpsSettings) -> dict[str, str]:
    """Return the text of each input file, by its name; the potential's files are not among them.

    :raises LammpsInputError: when the structures do not fit the settings.
    :raises LammpsPotentialError: when the potential lacks an element.
    """
    check_inputs(structures, potential, settings)
    elements = sorted(set(Symbols(structures.numbers)))
    has_fixed = "fixed" in structures.atom_columns and settings.mode == "relax"
    rows = [
        _row(structures, row, elements, potential) + ("".join(_fixed(structures, row)) if has_fixed else "")
        for row in range(len(structures))
    ]
    return {
        INPUT: _preamble(elements, potential) + "".join(f"{row}include {RECIPE}\n" for row in rows),
        RECIPE: "\n".join(_recipe(elements, potential, settings, has_fixed)) + "\n",
    }


def _preamble(elements: list[str], potential: LammpsPotential) -> str:
    """Return the commands that try the potential out: without a header in the results, it was not accepted."""
    lines = [
        f"log {LOG}",
        "units metal",
        f"atom_style {_atom_style(potential)}",
        "region box block 0 1 0 1 0 1",
        f"create_box {len(elements)} box",
        *potential.commands(elements),
        f'print "{HEADER}" file {RESULTS} screen no',
    ]
    return "\n".join(lines) + "\n"


def _row(structures: StructureSet, row: int, elements: list[str], potential: LammpsPotential) -> str:
    """Return the commands that write the data file of one structure.

    Blank lines do not survive in LAMMPS' multi-line quotes, hence the comment after each section's title.
    """
    own, frame = structures.atoms_of(row), frame_of(structures, row)
    symbols = list(Symbols(structures.numbers[own]))
    positions = structures.positions[own] @ frame.rotation
    low, high = frame.origin, frame.origin + np.diag(frame.box)
    tilts = [frame.box[1, 0], frame.box[2, 0], frame.box[2, 1]]
    lines = [f"structure {row}", f"{len(symbols)} atoms", f"{len(elements)} atom types"]
    lines += [f"{_text(low[i], high[i])} {axis}lo {axis}hi" for i, axis in enumerate("xyz")]
    lines += [f"{_text(*tilts)} xy xz yz"] if any(tilts) else []
    lines += ["Masses", "# amu"]
    lines += [f"{i} {_text(atomic_masses[atomic_numbers[one]])}" for i, one in enumerate(elements, start=1)]
    lines += ["Atoms", f"# {_atom_style(potential)}"]
    for i, (symbol, position) in enumerate(zip(symbols, positions, strict=True), start=1):
        charge = f"{_text(potential.charges[symbol])} " if potential.has_charges else ""
        lines.append(f"{i} {elements.index(symbol) + 1} {charge}{_text(*position)}")
    boundary = " ".join("p" if periodic else "f" for periodic in frame.pbc)
    is_slab = not frame.pbc[2]
    data = "\n".join(lines)
    return (
        f'variable row string {row}\nvariable boundary string "{boundary}"\nvariable is_slab string {is_slab:d}\n'
        f'print """{data}\n""" file {_STRUCTURE} screen no\n'
    )


def _fixed(structures: StructureSet, row: int) -> Iterator[str]:
    """Yield, for each direction, the variable that holds the numbers of the atoms fixed along it."""
    own = structures.atoms_of(row)
    fixed = structures.atom_columns["fixed"][own].astype(bool)
    for axis, flags in zip("xyz", fixed.T, strict=True):
        numbers = np.flatnonzero(flags) + 1
        # An id beyond the last atom makes the empty group that LAMMPS has no word for.
        yield f'variable fixed_{axis} string "{_id_ranges(numbers) if len(numbers) else len(fixed) + 1}"\n'


def _recipe(elements: list[str], potential: LammpsPotential, settings: LammpsSettings, has_fixed: bool) -> list[str]:
    """Return the commands that evaluate the structure of the data file."""
    sums = [*(f"c_atom[{i}]" for i in range(1, 7)), "c_energy"]
    totals = [f"c_total[{i}]" for i in range(1, 8)]
    numbers = ["pe", *PRESSURE_FIELDS, *BOX_FIELDS]
    # The last number is the sum of the structure's own: a damaged digit shows.
    values = _values([*numbers, *totals, "+".join(["atoms", "step", *numbers])])
    return [
        f'print "begin ${{row}}" append {RESULTS} screen no',
        "clear",
        f"log {LOG}",
        "units metal",
        f"atom_style {_atom_style(potential)}",
        "box tilt large",
        "boundary ${boundary}",
        f"read_data {_STRUCTURE}",
        *potential.commands(elements),
        *_kspace(potential),
        "neighbor 1.0 bin",
        "neigh_modify every 1 delay 0 check yes",
        # A compute made in an upright box would leave the tilt out of unwrapped positions for good.
        *(["change_box all triclinic"] if settings.mode == "relax" and settings.cell == "free" else []),
        "compute energy all pe/atom",
        "compute atom all property/atom xu yu zu fx fy fz",
        f"compute total all reduce sum {' '.join(sums)}",
        f"thermo_style custom step atoms pe fnorm press {' '.join(PRESSURE_FIELDS)} {' '.join(totals)}",
        "thermo 1000000",
        "thermo_modify lost ignore",  # a lost atom would end the process: it is counted instead
        "variable expected string $(atoms)",
        # False for what is not a number, too.
        'variable sane equal "(abs(pe) < 1e12) && (fnorm < 1e12) && (abs(press) < 1e15) && (atoms == v_expected)"',
        "run 0 post no",
        'if "${sane} == 0" then "jump SELF failed"',
        *(_relaxation(settings, has_fixed) if settings.mode == "relax" else []),
        f"write_dump all custom {RESULTS} {ATOM_FIELDS} modify sort id append yes format float %.17g",
        f'print "end ${{row}} $(atoms) $(step) {values}" append {RESULTS} screen no',
        "jump SELF done",
        "label failed",
        f'print "failed ${{row}} ${{expected}} $(atoms) $(pe) $(fnorm)" append {RESULTS} screen no',
        "label done",
    ]


def _relaxation(settings: LammpsSettings, has_fixed: bool) -> list[str]:
    """Return the commands that minimise the energy and evaluate its minimum without constraints on the forces."""
    held = {"normal": "setforce 0.0 0.0 NULL"} if settings.atoms == "normal" else {}
    lines = [f"fix {name} all {command}" for name, command in held.items()]
    for axis, command in zip("xyz", ("0.0 NULL NULL", "NULL 0.0 NULL", "NULL NULL 0.0"), strict=True):
        if has_fixed:
            held[f"fixed_{axis}"] = command
            lines += [f"group fixed_{axis} id ${{fixed_{axis}}}", f"fix fixed_{axis} fixed_{axis} setforce {command}"]
    minimise = [f"minimize 0.0 {settings.force_tolerance!r} {settings.max_steps} {10 * settings.max_steps}"]
    if settings.relaxes_cell:
        # The corner of the cell stays where it is, so that positions need no shift.
        box = f"fix cell all box/relax {_BOX_RELAX[settings.cell]} fixedpoint 0.0 0.0 0.0 vmax 0.001"
        between = minimise if settings.cell == "free" else []  # the atoms alone, or their line searches end early
        minimise = _N_BOX_RELAXATIONS[settings.cell] * [box, *minimise, "unfix cell", *between]
    return [
        "min_style cg",
        "min_modify norm inf",
        *lines,
        *minimise,
        *(f"unfix {name}" for name in held),
        "run 0 post no",
        'if "${sane} == 0" then "jump SELF failed"',
    ]


def _kspace(potential: LammpsPotential) -> list[str]:
    """Return the commands of the Coulomb sum; slabs are isolated by Yeh and Berkowitz's dipole correction."""
    slab = 'if "${is_slab} == 1" then "kspace_modify slab 3.0"'
    return [*potential.kspace_commands(), *([slab] if potential.has_charges else [])]


def _atom_style(potential: LammpsPotential) -> str:
    return "charge" if potential.has_charges else "atomic"


def _values(names: list[str]) -> str:
    """Return LAMMPS' immediate variables that print some quantities with all their digits."""
    return " ".join(f"$({name}:%.17g)" for name in names)


def _text(*numbers: float) -> str:
    """Return numbers with the digits that give the same double back."""
    return " ".join(repr(float(number)) for number in numbers)


def _id_ranges(numbers: Array) -> str:
    """Return rising atom numbers in LAMMPS' short form: 1 2 3 7 as ``1:3 7``."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return " ".join(f"{run[0]}:{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
