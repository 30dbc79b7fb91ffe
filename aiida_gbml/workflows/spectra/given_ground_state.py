"""Whether a ground state that is given is the one that a site would compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm

_RESULTS = ("remote_folder", "output_parameters", "output_band")
_ADDED_BY_HANDLERS = {"nbnd"}


def difference(
    ground_state: Mapping[str, Any], parameters: orm.Dict, kpoints: orm.KpointsData, datasets: Mapping[str, str]
) -> str | None:
    """Return what was computed otherwise, in words, or nothing: total energies under two settings give no difference.

    :param ground_state: ``remote_folder``, ``output_parameters`` and ``output_band`` of a calculation.
    :param parameters: namelists that the site would use.
    :param kpoints: mesh that the site would use.
    :param datasets: MD5 of the pseudopotential of each kind that the site would use.
    """
    job = ground_state["remote_folder"].creator
    makers = {getattr(ground_state[name].creator, "uuid", None) for name in _RESULTS}
    if job is None or makers != {job.uuid} or "parameters" not in job.inputs:
        return "the folder, the energies and the bands of the ground state are not those of one calculation by pw.x"
    inputs = job.inputs
    found = {
        "parameters in SYSTEM": _system(inputs.parameters) == _system(parameters),
        "k-points": "kpoints" not in inputs or _mesh(inputs.kpoints) == _mesh(kpoints),
        "pseudopotentials": "pseudos" not in inputs or {n: p.md5 for n, p in inputs.pseudos.items()} == datasets,
    }
    others = [name for name, is_same in found.items() if not is_same]
    return f"the ground state was computed with other {' and other '.join(others)}" if others else None


def _system(parameters: orm.Dict) -> dict[str, Any]:
    """Return the namelist SYSTEM without what error handlers change."""
    system = parameters.get_dict().get("SYSTEM", {})
    return {name: value for name, value in system.items() if name not in _ADDED_BY_HANDLERS}


def _mesh(kpoints: orm.KpointsData) -> tuple[list[int], list[float]] | None:
    """Return the numbers and shifts of a mesh, nothing for a list of points."""
    if "mesh" not in kpoints.base.attributes.all:
        return None
    mesh, offset = kpoints.get_kpoints_mesh()
    return list(mesh), list(offset)
