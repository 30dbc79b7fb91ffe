"""From two pseudopotentials and what was found out about them to a pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ExitCode, calcfunction
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import HOLES, CoreHolePairData
from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair
from aiida_gbml.science.spectra.recipes import Recipe


@calcfunction
def assemble_core_hole_pair(  # noqa: PLR0917  (a calculation function has no keyword-only arguments)
    ground: UpfData,
    hole: UpfData,
    shell: orm.Str,
    size: orm.Str,
    checks: orm.Dict,
    recipe: orm.Dict | None = None,
    ground_atom: orm.Dict | None = None,
    hole_atom: orm.Dict | None = None,
) -> dict[str, CoreHolePairData] | ExitCode:
    """Return the ``pair`` of two datasets that belong together.

    :param ground: dataset of the ground state.
    :param hole: dataset with the hole.
    :param shell: '1s' or '2p'.
    :param size: 'half' or 'full'.
    :param checks: ``verdict``, ``problems`` and the numbers of the checks, flat; ``cutoff_wfc`` and ``cutoff_rho`` (Ry)
        with which they were made.
    :param recipe: fields of a `Recipe` that both were made by.
    :param ground_atom: ``all_electron_energy_ry`` and ``pseudo_energy_ry`` of the atom in its ground state.
    :param hole_atom: the same with the hole.
    """
    made_by = None if recipe is None else Recipe.from_mapping(recipe.get_dict())
    try:
        pair = CoreHolePair(
            ground.get_content(mode="rb"),
            hole.get_content(mode="rb"),
            shell.value,
            HOLES[size.value],
            ground_energies=_energies(ground_atom),
            hole_energies=_energies(hole_atom),
            recipe_checksum=made_by.checksum if made_by else "",
        )
    except ValueError as exception:
        return ExitCode(210, str(exception))
    name = made_by.name if made_by else ""
    return {"pair": CoreHolePairData(pair, {**checks.get_dict(), "recipe": name})}


def _energies(atom: orm.Dict | None) -> AtomEnergies | None:
    """Return the energies of an atom, None when one of them is not known."""
    known: Mapping[str, Any] = {} if atom is None else atom.get_dict()
    all_electron, pseudo = known.get("all_electron_energy_ry"), known.get("pseudo_energy_ry")
    return None if all_electron is None or pseudo is None else AtomEnergies(all_electron, pseudo)
