"""What ``ld1.x`` is told to test a dataset from elsewhere in the isolated atom."""

from __future__ import annotations

from aiida_gbml.science.engines.ld1 import PREFIX
from aiida_gbml.science.engines.upf import Upf
from aiida_gbml.science.spectra.recipes import REMOVED, Recipe, RecipeError

TESTED = "tested.UPF"
"""Name of the file that is tested."""

_FUNCTIONALS = ("PBE", "PBESOL", "PZ")
_INPUT = """&input
 title='{title}', prefix='{prefix}', zed={z}, rel=1, iswitch=2, dft='{functional}', beta=0.2
 config='{configuration}'
 nld=3, rlderiv={radius:.2f}, eminld=-4.0, emaxld=4.0, deld=0.02
/
&test
 file_pseudo='{filename}', nconf=1, configts(1)='{valence}'
/
"""


def atom_test_text(recipe: Recipe, shell: str, hole: str, upf: Upf) -> str:
    """Return the input that gives the total energies, levels and logarithmic derivatives for a dataset.

    The valence electrons are those of the ground state, also with a hole: what the ion has more of charge, the hole has
    taken from the core.

    :param recipe: for its atom.
    :param shell: '1s', '2s' or '2p'.
    :param hole: 'none', 'half' or 'full'.
    :param upf: the dataset.
    :raises RecipeError: when the dataset is of another atom, or of a functional for which there is no test.
    """
    if upf.element != recipe.element:
        raise RecipeError(f"the dataset is one of {upf.element}, the recipe {recipe.name} of {recipe.element}")
    if upf.functional not in _FUNCTIONALS:
        raise RecipeError(f"the functional {upf.functional} is none of {', '.join(_FUNCTIONALS)}")
    if hole not in REMOVED:
        raise RecipeError(f"the hole is '{hole}', expected one of {', '.join(REMOVED)}")
    return _INPUT.format(
        title=recipe.name,
        prefix=PREFIX,
        z=recipe.z,
        functional=upf.functional,
        configuration=" ".join(
            f"{orbital}{count - REMOVED[hole] if orbital == shell else count:g}" for orbital, count in _occupied(recipe)
        ),
        radius=recipe.derivative_radius,
        filename=TESTED,
        valence=" ".join(f"{orbital}{count:g}" for orbital, count in _valence(recipe, upf.z_valence - REMOVED[hole])),
    )


def _occupied(recipe: Recipe) -> list[tuple[str, float]]:
    """Return the orbitals that hold electrons, such as ('2p', 4.0)."""
    shells = [(shell[:2], float(shell[2:])) for shell in recipe.configuration.split()]
    return [(orbital, count) for orbital, count in shells if count > 0]


def _valence(recipe: Recipe, electrons: float) -> list[tuple[str, float]]:
    """Return the outermost orbitals that hold so many electrons."""
    occupied = _occupied(recipe)
    for first in range(len(occupied)):
        if abs(sum(count for _, count in occupied[first:]) - electrons) < 1e-6:
            return occupied[first:]
    raise RecipeError(
        f"the dataset has {electrons:g} valence electrons, which are no outer shells of {recipe.configuration}"
    )
