"""Quantum ESPRESSO's own examples of ``xspectra.x`` through our jobs, against the spectra stored with them.

    python benchmarks/xspectra_reference.py [/usr/share/doc/quantum-espresso/examples/XSpectra] [--only diamond]

The examples are those of Debian's package ``quantum-espresso``; their inputs are read, not repeated here. One JSON line
an example: ``deviation`` is the largest difference to the stored spectrum over its maximum, ``cpu`` the seconds of
``xspectra.x`` itself. Everything runs in a profile of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path("/usr/share/doc/quantum-espresso/examples/XSpectra")
OPTIONS = {"withmpi": False, "resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}}


@dataclass(frozen=True)
class Example:
    """Files of one example, all in the folder ``reference``.

    :param scf: input of ``pw.x``.
    :param spectrum: input of ``xspectra.x``.
    :param stored: spectrum that it gave.
    :param replot: another input for the same Lanczos coefficients, and its spectrum.
    """

    scf: str
    spectrum: str
    stored: str
    replot: tuple[str, str] | None = None


EXAMPLES = {
    "diamond": Example(
        "diamond.scf.in",
        "diamond.xspectra.in",
        "diamond.xspectra.dat",
        ("diamond.xspectra_replot.in", "diamond.xspectra_replot.dat"),
    ),
    "diamond_full_hole": Example("diamondh.scf.in", "diamondh.xspectra.in", "diamondh.xspectra.dat"),
    "quartz_c": Example("SiO2.scf.in", "SiO2.xspectra_dip_c.in", "SiO2.xspectra_dip_c.dat"),
    "quartz_plane": Example("SiO2.scf.in", "SiO2.xspectra_dip_plane.in", "SiO2.xspectra_dip_plane.dat"),
    "copper_L2": Example("Cu.scf.in", "Cu_xspectra.in", "Cu_xanes_L2.dat"),
}


def read_file(folder: Path, name: str) -> bytes:
    """Return a file of an example, packed or not."""
    packed = folder / f"{name}.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()


def read_input(text: str) -> tuple[dict[str, dict[str, Any]], list[list[str]]]:
    """Return the namelists of an input, names in upper case, and the words of the lines outside of them."""
    namelists: dict[str, dict[str, Any]] = {}
    cards, current = [], None
    for line in text.replace(",", " ").splitlines():
        words = line.split()
        if re.match(r"\s*&(?!end)", line):
            current = namelists.setdefault(words[0][1:].upper(), {})
        elif re.match(r"\s*(/|&end)", line):
            current = None
        elif current is None:
            cards += [words] if words else []
        elif found := re.match(r"\s*([\w()]+)\s*=\s*(\S+)", line):
            current[found[1].lower()] = read_value(found[2])
    return namelists, cards


def read_value(text: str) -> Any:
    """Return a Fortran value as a Python one."""
    if text.lower() in (".true.", ".false."):
        return text.lower() == ".true."
    if text[0] in "'\"":
        return text.strip("'\"")
    return int(text) if re.fullmatch(r"-?\d+", text) else float(re.sub("[dD]", "e", text))


def cell_of(system: Mapping[str, Any]) -> Any:
    """Return the (3, 3) rows of the cell in Å for the lattices of the examples (INPUT_PW, ibrav)."""
    from ase.units import Bohr

    half, ratio = 0.5, system.get("celldm(3)", 1.0)
    rows = {
        1: np.eye(3),
        2: np.array([[-half, 0, half], [0, half, half], [-half, half, 0]]),
        4: np.array([[1, 0, 0], [-half, np.sqrt(0.75), 0], [0, 0, ratio]]),
    }[system["ibrav"]]
    return rows * system["celldm(1)"] * Bohr


def parent_inputs(folder: Path, name: str) -> dict[str, Any]:
    """Return the inputs of ``PwCalculation`` for an input file of ``pw.x``."""
    from aiida import orm
    from aiida_pseudo.data.pseudo import UpfData

    namelists, cards = read_input(read_file(folder / "reference", name).decode())
    system, count = namelists["SYSTEM"], namelists["SYSTEM"]["ntyp"]
    structure = orm.StructureData(cell=cell_of(system))
    heads = {words[0]: index for index, words in enumerate(cards) if words[0].isupper() and len(words[0]) > 3}
    species = cards[heads["ATOMIC_SPECIES"] + 1 :][:count]
    for kind, *place in cards[heads["ATOMIC_POSITIONS"] + 1 :][: system["nat"]]:
        position = np.array(place, dtype=float) @ np.array(structure.cell)
        structure.append_atom(position=position, symbols=re.match("Si|Cu|C|O", kind)[0], name=kind)
    kpoints = orm.KpointsData()
    numbers = [int(word) for word in cards[heads["K_POINTS"] + 1]]
    kpoints.set_kpoints_mesh(numbers[:3], [shift / 2 for shift in numbers[3:]])
    pseudos = {kind: UpfData(io.BytesIO(read_file(folder / "pseudo", upf)), filename=upf) for kind, _, upf in species}
    dropped = {"ibrav", "nat", "ntyp", "celldm(1)", "celldm(3)"}
    parameters = {
        "CONTROL": {"calculation": "scf"},
        "SYSTEM": {key: value for key, value in system.items() if key not in dropped},
        "ELECTRONS": namelists["ELECTRONS"],
    }
    return {"structure": structure, "kpoints": kpoints, "pseudos": pseudos, "parameters": orm.Dict(parameters)}


def spectrum_inputs(folder: Path, name: str, parent: Any) -> dict[str, Any]:
    """Return the inputs of ``XspectraCalculation`` for an input file of ``xspectra.x``.

    :param parent: the ``pw.x`` job whose first species in the example is the absorber.
    """
    from aiida import orm

    from aiida_gbml.science.engines.upf import core_orbitals_text, read_upf

    namelists, cards = read_input(read_file(folder / "reference", name).decode())
    settings = namelists["INPUT_XSPECTRA"]
    direction = np.array([settings.get(f"xepsilon({axis})", 0.0) for axis in (1, 2, 3)])
    kinds = [site.kind_name for site in parent.inputs.structure.sites]
    absorber = next(kind for kind in kinds if kinds.count(kind) == 1)
    known = ("calculation", "edge", "xe0", "xniter", "xcheck_conv", "xerror")
    kpoints = orm.KpointsData()
    numbers = [int(word) for word in cards[-1]]
    kpoints.set_kpoints_mesh(numbers[:3], [shift / 2 for shift in numbers[3:]])
    # The examples take the core orbitals of the set without a hole.
    files = [pseudo.filename for pseudo in parent.inputs.pseudos.values()]
    ground = next(name for name in files if re.match("C_|Si_|Cu_US", name))
    core = core_orbitals_text(read_upf(read_file(folder / "pseudo", ground)))
    parameters = {
        "INPUT_XSPECTRA": {key: settings[key] for key in known if key in settings},
        "PLOT": namelists["PLOT"],
        "PSEUDOS": {key: value for key, value in namelists["PSEUDOS"].items() if key != "filecore"},
        "CUT_OCC": namelists["CUT_OCC"],
    }
    return {
        "parent_folder": parent.outputs.remote_folder,
        "parameters": orm.Dict(parameters),
        "kpoints": kpoints,
        "core_orbitals": orm.SinglefileData(io.BytesIO(core.encode()), filename="core.txt"),
        "absorber": orm.Str(absorber),
        "polarisations": orm.List([(direction @ np.array(parent.inputs.structure.cell)).tolist()]),
    }


def deviation(folder: Path, stored: str, spectrum: Any) -> float:
    """Return the largest difference to a stored spectrum over its maximum."""
    energy, expected = np.loadtxt(io.BytesIO(read_file(folder / "reference", stored)), unpack=True)[:2]
    ours = spectrum.get_y()[0][1]
    if np.max(np.abs(energy - spectrum.get_x()[1])) > 1e-4:
        raise ValueError(f"the energies are not those of {stored}")
    return float(np.max(np.abs(ours - expected)) / np.max(expected))


def run_example(folder: Path, example: Example, codes: Mapping[str, Any], parents: dict[str, Any]) -> dict[str, Any]:
    """Return the deviations of one example.

    :param codes: ``pw`` and ``xspectra``.
    :param parents: ``pw.x`` jobs by their input, shared by the examples.
    """
    from aiida.engine import run_get_node
    from aiida_quantumespresso.calculations.pw import PwCalculation

    from aiida_gbml.calculations.xspectra import XspectraCalculation

    metadata = {"options": OPTIONS}
    if example.scf not in parents:
        inputs = parent_inputs(folder, example.scf)
        parents[example.scf] = run_get_node(PwCalculation, code=codes["pw"], metadata=metadata, **inputs)[1]
    common = {"code": codes["xspectra"], "metadata": metadata}
    inputs = spectrum_inputs(folder, example.spectrum, parents[example.scf])
    outputs, node = run_get_node(XspectraCalculation, **inputs, **common)
    found = {
        "exit": node.exit_status,
        "deviation": deviation(folder, example.stored, outputs["spectra"]["polarisation_0"]),
        "cpu": outputs["output_parameters"]["cpu_seconds"],
        "energy_zero": outputs["output_parameters"]["energy_zero"],
        "unconverged": outputs["output_parameters"]["lanczos_unconverged_fraction"],
    }
    if example.replot is not None:
        name, stored = example.replot
        inputs |= {"parameters": spectrum_inputs(folder, name, parents[example.scf])["parameters"]}
        outputs, _ = run_get_node(XspectraCalculation, save_folder=node.outputs.retrieved, **inputs, **common)
        found["replot_deviation"] = deviation(folder, stored, outputs["spectra"]["polarisation_0"])
        found["replot_cpu"] = outputs["output_parameters"]["cpu_seconds"]
    return found


def make_codes() -> dict[str, Any]:
    """Return codes of the programs on PATH, on this computer."""
    from aiida import orm

    work = os.environ["AIIDA_PATH"]
    computer = orm.Computer(
        "here", "localhost", transport_type="core.local", scheduler_type="core.direct", workdir=work
    )
    computer.store().configure(safe_interval=0, use_login_shell=False)
    computer.set_minimum_job_poll_interval(0.1)
    plugins = {"pw": "quantumespresso.pw", "xspectra": "gbml.xspectra"}
    return {
        name: orm.InstalledCode(
            label=name,
            computer=computer,
            filepath_executable=shutil.which(f"{name}.x"),
            default_calc_job_plugin=plugin,
            prepend_text="export OMP_NUM_THREADS=1",
        ).store()
        for name, plugin in plugins.items()
    }


def main() -> None:
    """Print one JSON line for each example."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", choices=list(EXAMPLES), default=list(EXAMPLES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        os.environ["AIIDA_PATH"] = work
        from aiida import load_profile
        from aiida.storage.sqlite_temp import SqliteTempBackend

        load_profile(SqliteTempBackend.create_profile("reference"), allow_switch=True)
        codes, parents = make_codes(), {}
        for name in arguments.only:
            found = run_example(arguments.folder, EXAMPLES[name], codes, parents)
            print(json.dumps({"example": name, **found}), flush=True)


if __name__ == "__main__":
    main()
