"""What a recipe may say: nothing but what is checked here reaches an input of ``ld1.x``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from ase.data import atomic_numbers

if TYPE_CHECKING:
    from aiida_gbml.science.spectra.recipes import Orbital, Recipe, ReferenceCrystal

SHELLS = ("1s", "2s", "2p")
PSEUDO_TYPES = {"NC": 1, "US": 3}
_ELEMENTS_OF = {"fcc": 1, "bcc": 1, "hcp": 1, "diamond": 1, "rocksalt": 2, "zincblende": 2, "cesiumchloride": 2}
_HIGHEST = {
    "z_valence": 60.0,
    "derivative_radius": 10.0,
    "local_radius": 10.0,
    "core_radius": 10.0,
    "cutoff_wfc": 500.0,
    "cutoff_rho": 5000.0,
}
_FULL = {"s": 2, "p": 6}

_NAME = re.compile(r"[A-Z][a-z]?(_[A-Za-z0-9]{1,12})?")
_CONFIGURATION = re.compile(r"\d[spdf]-?\d{1,2}(\.\d{1,3})?( \d[spdf]-?\d{1,2}(\.\d{1,3})?)*")
_LABEL = re.compile(r"[1-7][SPDF]")
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\.(UPF|upf)")
_LONGEST_TEXT = 2000


class RecipeError(ValueError):
    """A recipe is missing or cannot be used."""


def element_of(name: str) -> str:
    """Return the element of a recipe's name."""
    return str(name).partition("_")[0]


def check_recipe(recipe: Recipe) -> None:
    """Raise unless everything in a recipe is in its range and may stand in an input file."""
    _check_text("name", recipe.name, _NAME)
    if recipe.element not in atomic_numbers or recipe.z != atomic_numbers[recipe.element] or not 1 <= recipe.z <= 92:
        raise RecipeError(f"the element {recipe.element!r} and the atomic number {recipe.z!r} do not belong together")
    if element_of(recipe.name) != recipe.element:
        raise RecipeError(f"its name must be {recipe.element}, or begin with {recipe.element}_")
    _check_text("configuration", recipe.configuration, _CONFIGURATION)
    if recipe.pseudo_type not in PSEUDO_TYPES or recipe.local_l not in (-1, 0, 1, 2, 3):
        raise RecipeError("pseudo_type must be US or NC, and local_l -1, 0, 1, 2 or 3")
    if (recipe.local_l == -1) != (recipe.local_radius is not None):
        raise RecipeError("a local_radius belongs to local_l -1 and to no other")
    for name, highest in _HIGHEST.items():
        if getattr(recipe, name) is not None or name not in ("local_radius", "core_radius"):
            _check_number(name, getattr(recipe, name), 0.0, highest)
    _check_orbitals(recipe)
    _check_holes(recipe)
    _check_crystal(recipe.crystal)
    for text in (recipe.validation, *recipe.sources):
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            raise RecipeError(f"validation and sources must be texts of at most {_LONGEST_TEXT} characters")


def _check_orbitals(recipe: Recipe) -> None:
    """Raise unless the lists of a recipe can be given to ``ld1.x``."""
    if not 1 <= len(recipe.projectors) <= 12 or len(recipe.reconstruction) > 12:
        raise RecipeError("it needs 1 to 12 projectors and at most 12 orbitals of the reconstruction")
    for orbital in (*recipe.projectors, *recipe.reconstruction):
        _check_orbital(orbital)


def _check_orbital(orbital: Orbital) -> None:
    """Raise unless every word of a line is in its range."""
    _check_text("label", orbital.label, _LABEL)
    for name, lowest, highest in (("n", 1, 7), ("l", 0, 3)):
        value = getattr(orbital, name)
        if type(value) is not int or not lowest <= value <= highest:
            raise RecipeError(f"{name} of {orbital.label} is {value!r}, expected a whole number {lowest} to {highest}")
    if orbital.label[1] != "SPDF"[orbital.l]:
        raise RecipeError(f"{orbital.label} has the angular momentum {orbital.l}")
    _check_number("occupation", orbital.occupation, -1.0, 14.0)
    _check_number("energy", orbital.energy, -1000.0, 1000.0)
    for name in ("rcut", "rcut_us"):
        _check_number(name, getattr(orbital, name), 0.0, 10.0)


def _check_holes(recipe: Recipe) -> None:
    """Raise unless the holes are in full shells of the core."""
    for shell, holes in recipe.holes.items():
        if shell not in SHELLS or not holes or len(set(holes)) != len(holes) or not set(holes) <= {"half", "full"}:
            raise RecipeError(f"holes must map {', '.join(SHELLS)} to a list of half and full")
        if not recipe.reconstruction:
            raise RecipeError("a set with holes needs orbitals of the reconstruction: nothing else gives spectra")
        if f"{shell}{_FULL[shell[1]]}" not in recipe.configuration.split():
            raise RecipeError(f"the shell {shell} is not full in the configuration {recipe.configuration}")
        if shell.upper() in {orbital.label for orbital in recipe.projectors}:
            raise RecipeError(f"the shell {shell} is among the projectors: a hole must be in the core")


def _check_crystal(crystal: ReferenceCrystal) -> None:
    """Raise unless a crystal can be built."""
    if crystal.prototype not in _ELEMENTS_OF:
        raise RecipeError(f"the prototype {crystal.prototype!r} is not one of {', '.join(_ELEMENTS_OF)}")
    for partner in crystal.partners:
        _check_text("partner", partner, _NAME)
    if len(crystal.partners) + 1 != _ELEMENTS_OF[crystal.prototype]:
        raise RecipeError(f"a {crystal.prototype} crystal has {_ELEMENTS_OF[crystal.prototype]} elements")
    _check_number("lattice_constant", crystal.lattice_constant, 1.0, 20.0)
    if crystal.ratio is not None:
        _check_number("ratio", crystal.ratio, 0.5, 5.0)
    if not isinstance(crystal.source, str) or type(crystal.metallic) is not bool:
        raise RecipeError("a crystal needs a source of its lattice constant, and metallic true or false")


def _check_text(name: str, value: Any, pattern: re.Pattern[str]) -> None:
    """Raise unless a text is of the allowed form."""
    if not isinstance(value, str) or len(value) > 200 or not pattern.fullmatch(value):
        raise RecipeError(f"{name} is {str(value)[:60]!r}, which is not of the form {pattern.pattern}")


def _check_number(name: str, value: Any, lowest: float, highest: float) -> None:
    """Raise unless a number lies in its range; a lowest value of 0 is excluded."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RecipeError(f"{name} is {str(value)[:40]!r}, expected a number")
    if not lowest <= value <= highest or (lowest == 0 and value == 0):
        raise RecipeError(f"{name} is {value:g}, expected {lowest:g} to {highest:g}")


def check_filename(name: str) -> None:
    """Raise unless a dataset may have this name."""
    if not _FILENAME.fullmatch(name):
        raise RecipeError(f"'{name[:80]}' is no name for a dataset: use letters, digits, '_.-' and end on .UPF")
