"""Files as ``xspectra.x`` 6.7 and 7.x write them, made here, and nodes of a ``pw.x`` job that never ran."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from aiida import orm
from aiida.common.links import LinkType
from aiida_pseudo.data.pseudo import UpfData
from core_hole_data import MESH, upf

POINTS, MINIMUM, MAXIMUM = 41, -10.0, 30.0
PLOT = {"xnepoint": POINTS, "xemin": MINIMUM, "xemax": MAXIMUM}
PW, XSPECTRA = "aiida.calculations:quantumespresso.pw", "aiida.calculations:gbml.xspectra"


def intensities(spins: int = 1) -> np.ndarray:
    """Return the (1 or 3, m) Lorentzian of half width 2 eV at 5 eV that the spectrum files hold."""
    energy = np.linspace(MINIMUM, MAXIMUM, POINTS)
    total = (2 / np.pi / ((energy - 5) ** 2 + 4)).round(8)
    up = (0.75 * total).round(8)
    return np.array([total] if spins == 1 else [total, up, total - up])


def spectrum_file(spins: int = 1, is_variable: bool = False) -> str:
    """Return a spectrum, of constant or energy-dependent width."""
    names = "sigma" if spins == 1 else "sigma_tot   sigma_up    sigma_down "
    width = ["# Broadening parameter (in eV):    0.300"]
    if is_variable:
        width = [
            "# Energy-dependent broadening parameter:",
            "# -> first, constant up to point ( 0.00, 0.30) [eV]",
            "# -> then, linear up to point (30.00, 2.00) [eV]",
            "# -> finally, constant up to xemax",
        ]
    head = [
        "# Final state angular momentum:   1",
        *width,
        "# Absorbing atom type (xiabs):   1",
        f"# Energy (eV)   {names}",
    ]
    rows = np.vstack([np.linspace(MINIMUM, MAXIMUM, POINTS), intensities(spins)]).T
    return "\n".join([*head, *("".join(f"{number:14.8f}" for number in row) for row in rows)]) + "\n"


def standard_output(
    version: str = "6.7MaX",
    *,
    zero: float = 13.3742,
    xe0: float | None = None,
    chains: int = 4,
    unconverged: int = 0,
    spins: int = 1,
    has_lumo: bool = True,
    is_interrupted: bool = False,
    is_replot: bool = False,
) -> str:
    """Return the standard output of a run."""
    spin = " (spin polarized work)" if spins == 2 else ""
    head = f"\n     Program XSpectra v.{version} starts on 20Nov2026 at  7:10: 8 \n\n     calculation: xanes_dipole\n\n"
    head += "        energy zero automatically set to the Fermi level\n" if xe0 is None else ""
    head += f"        xe0 [eV]: {xe0:10.6f} (energy zero read in input file)\n" if xe0 is not None else ""
    lumo = f"        elumo [eV]: {zero + 5.5:9.4f} (lowest occupied level)\n"
    levels = f"     From SCF save directory{spin}:\n        ehomo [eV]: {zero:9.4f} (highest occupied level)\n"
    levels += lumo if has_lumo else "        No LUMO value in SCF calculation\n"
    levels += f"        ef    [eV]: {zero:9.4f}\n"
    done = "        !   => CONVERGED at iter    100 with error=  0.00908556\n"
    undone = "        !   XANES not converged after    60 iterations\n"
    lanczos = done * (chains - unconverged) + undone * unconverged
    saved = "     Results of STEP 1 successfully written in x_save_file\n     ... End STEP 1 ...\n"
    if is_interrupted:
        return head + levels + lanczos + "     Calculation not finished\n\n" + saved
    named = f"xe0 [eV]: {xe0:9.4f}" if xe0 is not None else f"energy-zero of the spectrum [eV]: {zero:9.4f}"
    tail = f"        {named}\n        Core level energy [eV]:  -284.2    \n"
    tail += "     Cross-section successfully written in polarisation_0.dat\n     ... End STEP 2 ...\n\n"
    tail += "     xanes        :      1.82s CPU   1m 2.50s WALL (       1 calls)\n\n     END JOB XSpectra\n"
    if is_replot:
        reading = "        => only the spectrum plot\n     final-state angular momentum (xm_r):    1\n"
        return head + reading + f"     Fermi level [eV]: {zero:9.4f}\n     core energy [eV]:   284.200\n" + tail
    return head + levels + lanczos + saved + tail


def save_file(polarisation: tuple[float, ...] = (1.0, 0.0, 0.0), is_finished: bool = True) -> str:
    """Return a file of Lanczos coefficients of four k-points."""
    kind = "xanes_dipole" if is_finished else "unfinished"
    vector = "".join(f"{number:26.16f}" for number in polarisation)
    lines = ["# save_file_version=       2", f"# save_file_kind   ={kind:32}", "# date=20261120"]
    lines += ["# number of lanczos stored=   1", "#", "#", " F           1", "           1           4        1000"]
    lines += ["         100", "   284.20001220703125        13.374219959634015     "]
    lines += ["   0.0000000000000000        1.0000000000000000        0.0000000000000000     ", vector]
    return "\n".join([*lines, *["  1.0  1.0  1.0  1.0"] * 4]) + "\n"


def core_orbitals(count: int = 1) -> str:
    """Return the text of some core orbitals on the mesh of :func:`core_hole_data.upf`."""
    orbital = "".join(f"{radius:.6f} {radius * np.exp(-radius):.6f}\n" for radius in MESH)
    return "# number of core states\n" + f"{orbital}\n" * count


def finish(process_type: str, computer: orm.Computer, inputs: dict[str, Any], status: int = 0) -> orm.CalcJobNode:
    """Return a stored job that has ended with a status."""
    node = orm.CalcJobNode(computer=computer, process_type=process_type)
    node.set_options({"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}})
    for label, data in inputs.items():
        node.base.links.add_incoming(data.store(), link_type=LinkType.INPUT_CALC, link_label=label)
    node.set_process_state("finished")
    node.set_exit_status(status)
    return node.store()


def attach(job: orm.CalcJobNode, label: str, data: orm.Data) -> Any:
    """Return a node, stored as an output of a job."""
    data.base.links.add_incoming(job, link_type=LinkType.CREATE, link_label=label)
    return data.store()


def parent_folder(computer: orm.Computer, path: str, **changes: Any) -> orm.RemoteData:
    """Return the folder of a ``pw.x`` job for MgO whose absorber is the kind ``O1``.

    :param changes: ``status``, ``is_converged``, ``settings``, ``parameters`` and ``found`` of the job.
    """
    structure = orm.StructureData(cell=np.eye(3) * 8.4)
    for index, (symbol, kind) in enumerate((("Mg", "Mg"), ("O", "O1"), ("Mg", "Mg"), ("O", "O"), ("O", "O"))):
        structure.append_atom(position=(2.0 * index, 0, 0), symbols=symbol, name=kind)
    contents = {"Mg": upf("Mg", 2.0), "O": upf("O", 6.0), "O1": upf("O", 7.0)}
    inputs: dict[str, Any] = {"structure": structure, "parameters": orm.Dict(changes.get("parameters", {}))}
    if "settings" in changes:
        inputs["settings"] = orm.Dict(changes["settings"])
    for kind, content in contents.items():
        inputs[f"pseudos__{kind}"] = UpfData(BytesIO(content), filename=f"{kind}.UPF")
    job = finish(PW, computer, inputs, changes.get("status", 0))
    scf = {"convergence_achieved": changes.get("is_converged", True)}
    attach(job, "output_parameters", orm.Dict({"convergence_info": {"scf_conv": scf}, **changes.get("found", {})}))
    return attach(job, "remote_folder", orm.RemoteData(remote_path=path, computer=computer))


def folder_of(files: dict[str, str]) -> orm.FolderData:
    """Return a node with some files."""
    node = orm.FolderData()
    for name, text in files.items():
        node.base.repository.put_object_from_bytes(text.encode("latin-1"), name)
    return node
