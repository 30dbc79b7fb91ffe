"""Recipes of core-hole datasets: what ``ld1.x`` is told to make for an element.

A recipe is data (``core_hole_recipes.yaml``). The dataset of the ground state and those with a hole differ in nothing
but the occupation of one core shell and the charge of the ion: the differences of their total energies mean something.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from hashlib import md5
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_numbers

from aiida_gbml.science.engines.ld1 import PREFIX
from aiida_gbml.science.spectra.recipe_checks import (
    PSEUDO_TYPES,
    SHELLS,
    RecipeError,
    check_filename,
    check_recipe,
    element_of,
)

__all__ = [
    "FUNCTIONAL",
    "REMOVED",
    "SHELLS",
    "Orbital",
    "Recipe",
    "RecipeError",
    "ReferenceCrystal",
    "find_recipe",
    "recipes",
]

FUNCTIONAL = "PBE"
REMOVED = MappingProxyType({"none": 0.0, "half": 0.5, "full": 1.0})
"""Electrons that a hole takes from the shell."""
_STATES = {"none": "gs", "half": "half", "full": "star"}


@dataclass(frozen=True)
class Orbital:
    """A line of the lists of projectors.

    :param label: such as 2P.
    :param n: number among the levels of the pseudo atom.
    :param l: angular momentum.
    :param occupation: electrons in it.
    :param energy: reference energy in Ry, 0 for that of the bound level.
    :param rcut: radius of the norm-conserving function in bohr.
    :param rcut_us: radius of the ultrasoft function in bohr.
    """

    label: str
    n: int
    l: int  # noqa: E741
    occupation: float
    energy: float
    rcut: float
    rcut_us: float

    @property
    def line(self) -> str:
        """The line as ``ld1.x`` reads it."""
        numbers = (self.occupation, self.energy, self.rcut, self.rcut_us)
        return f"{self.label} {self.n} {self.l} " + " ".join(f"{number:g}" for number in numbers) + " 0.0"


@dataclass(frozen=True)
class ReferenceCrystal:
    """The crystal in which the datasets of a recipe are tried.

    :param element: the element of the recipe.
    :param prototype: fcc, bcc, hcp, diamond, rocksalt, zincblende or cesiumchloride.
    :param lattice_constant: measured, of the conventional cell, in Å.
    :param ratio: c/a of a hexagonal crystal, else None.
    :param metallic: whether it needs smeared occupations.
    :param source: of the lattice constant.
    :param partners: names of the recipes for the other elements.
    """

    element: str
    prototype: str
    lattice_constant: float
    ratio: float | None
    metallic: bool
    source: str
    partners: tuple[str, ...]

    def atoms(self, scale: float = 1.0) -> Atoms:
        """Return the primitive cell, with the atom of the recipe first.

        :param scale: factor on the lattice constants.
        """
        symbols = "".join([self.element, *(element_of(partner) for partner in self.partners)])
        return bulk(symbols, self.prototype, a=scale * self.lattice_constant, covera=self.ratio)


@dataclass(frozen=True)
class Recipe:
    """What ``ld1.x`` is told, and what is known of the result.

    :param name: element, or element_variant.
    :param element: chemical symbol.
    :param z: atomic number.
    :param configuration: of the atom in its ground state, such as ``1s2 2s2 2p2``.
    :param z_valence: valence electrons of the ground state.
    :param pseudo_type: US or NC.
    :param local_l: angular momentum of the local potential, -1 for a smoothed all-electron one.
    :param local_radius: its radius in bohr, None for a local l.
    :param core_radius: radius of the core correction in bohr, None for none.
    :param derivative_radius: where logarithmic derivatives are compared, bohr.
    :param projectors: of the dataset.
    :param reconstruction: orbitals of the test and of the GIPAW reconstruction, empty for a set without one.
    :param holes: shells to the holes that can be made in them.
    :param cutoff_wfc: cutoff of the wavefunctions in Ry, for all sets of the recipe.
    :param cutoff_rho: cutoff of the density in Ry.
    :param crystal: where the sets are tried.
    :param validation: what has been tried with which result.
    :param sources: where the parameters come from.
    """

    name: str
    element: str
    z: int
    configuration: str
    z_valence: float
    pseudo_type: str
    local_l: int
    local_radius: float | None
    core_radius: float | None
    derivative_radius: float
    projectors: tuple[Orbital, ...]
    reconstruction: tuple[Orbital, ...]
    holes: Mapping[str, tuple[str, ...]]
    cutoff_wfc: float
    cutoff_rho: float
    crystal: ReferenceCrystal
    validation: str
    sources: tuple[str, ...]

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Recipe:
        """Return the recipe that :meth:`to_mapping` gave, or that a user wrote.

        :raises RecipeError: for anything that is missing, unknown, or must not reach an input file.
        """
        name = mapping.get("name", "") if isinstance(mapping, Mapping) else ""
        try:
            recipe = _from_mapping(mapping)
            check_recipe(recipe)
        except RecipeError as exception:
            raise RecipeError(f"recipe {str(name)[:20]!r}: {exception}") from exception
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as exception:
            raise RecipeError(f"recipe {str(name)[:20]!r} is malformed: {exception}") from exception
        return recipe

    def to_mapping(self) -> dict[str, Any]:
        """Return the recipe as plain values for JSON and YAML."""
        mapping: dict[str, Any] = json.loads(json.dumps({**vars(self), "holes": dict(self.holes)}, default=asdict))
        for name in ("projectors", "reconstruction"):
            mapping[name] = [list(orbital.values()) for orbital in mapping[name]]
        del mapping["crystal"]["element"]
        return mapping

    @property
    def checksum(self) -> str:
        """The md5 of all that decides about the datasets; texts, cutoffs and the crystal do not."""
        told = {key: value for key, value in self.to_mapping().items() if key not in _NOT_TOLD}
        return md5(json.dumps(told, sort_keys=True).encode(), usedforsecurity=False).hexdigest()

    def pseudo_filename(self, shell: str, hole: str) -> str:
        """Return the name of the file of a dataset, such as ``C.star1s.pbe-us_gipaw.UPF``."""
        state = "gs" if hole == "none" else f"{_STATES[hole]}{shell}"
        kind = f"{FUNCTIONAL.lower()}-{self.pseudo_type.lower()}"
        return f"{self.name}.{state}.{kind}{'_gipaw' if self.reconstruction else ''}.UPF"

    def input_text(self, shell: str, hole: str, filename: str) -> str:
        """Return the input of ``ld1.x`` for a dataset.

        :param shell: 1s, 2s or 2p; does not matter without a hole.
        :param hole: none, half or full.
        :param filename: of the dataset.
        :raises RecipeError: for a hole that the recipe does not have, or a filename that is none.
        """
        if hole != "none" and hole not in self.holes.get(shell, ()):
            known = "; ".join(f"{one}: {', '.join(holes)}" for one, holes in self.holes.items()) or "none at all"
            raise RecipeError(f"recipe {self.name} has no {hole} hole in {shell}, it has {known}")
        check_filename(filename)
        return _INPUT.format(
            title=self.name,
            prefix=PREFIX,
            z=self.z,
            configuration=_with_hole(self.configuration, shell, REMOVED[hole]),
            functional=FUNCTIONAL,
            radius=self.derivative_radius,
            type=PSEUDO_TYPES[self.pseudo_type],
            filename=filename,
            valence=self.z_valence + REMOVED[hole],
            local=f"lloc={self.local_l}" + (f", rcloc={self.local_radius:g}" if self.local_radius else ""),
            augmentation=_AUGMENTATION if self.pseudo_type == "US" else "",
            core=_CORE.format(radius=self.core_radius) if self.core_radius else "nlcc=.false.",
            gipaw=".true." if self.reconstruction else ".false.",
            projectors=_listed(self.projectors),
            reconstruction=f"&test\n/\n{_listed(self.reconstruction)}" if self.reconstruction else "",
        )


def recipes() -> Mapping[str, Recipe]:
    """Return the recipes that come with the package, by name."""
    return _shipped()


def find_recipe(name_or_element: str, shell: str = "1s") -> Recipe:
    """Return the recipe of this name, or the first one for the element, that makes a hole in a shell.

    :raises RecipeError: when there is none; it says how to add one.
    """
    known = recipes()
    named = [recipe for recipe in known.values() if recipe.name == name_or_element]
    candidates = [*named, *(recipe for recipe in known.values() if recipe.element == name_or_element)]
    found = next((recipe for recipe in candidates if shell in recipe.holes), None)
    if found is not None:
        return found
    have = ", ".join(recipe.name for recipe in known.values() if shell in recipe.holes)
    raise RecipeError(
        f"there is no recipe for a {shell} hole in '{name_or_element[:40]}'; there are {have or 'none'}. Add one to "
        f"{_FILE.name} (documentation: 'make a core-hole pseudopotential'), or give your own pair of UPF files"
    )


_FILE = Path(__file__).with_name("core_hole_recipes.yaml")
_REALS = ("z_valence", "local_radius", "core_radius", "derivative_radius", "cutoff_wfc", "cutoff_rho")
_NOT_TOLD = ("validation", "sources", "crystal", "cutoff_wfc", "cutoff_rho", "holes")
_AUGMENTATION = " which_augfun='PSQ', rmatch_augfun_nc=.true.\n"
_CORE = "nlcc=.true., new_core_ps=.true., rcore={radius:g}"
_INPUT = """&input
 title='{title}', prefix='{prefix}', zed={z}, rel=1, iswitch=3, dft='{functional}', beta=0.2
 config='{configuration}'
 nld=3, rlderiv={radius:g}, eminld=-4.0, emaxld=4.0, deld=0.02
/
&inputp
 lpaw=.false., pseudotype={type}, file_pseudopw='{filename}', author='aiida_gbml', zval={valence:g}
 {local}
{augmentation} {core}
 tm=.true., lgipaw_reconstruction={gipaw}
/
{projectors}{reconstruction}"""


@cache
def _shipped() -> Mapping[str, Recipe]:
    """Return the recipes of the file, read once."""
    content = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return MappingProxyType({name: Recipe.from_mapping({"name": name, **one}) for name, one in content.items()})


def _from_mapping(mapping: Mapping[str, Any]) -> Recipe:
    """Return a recipe with the right types, unchecked."""
    if not isinstance(mapping, Mapping):
        raise RecipeError(f"it is a {type(mapping).__name__}, expected a mapping")
    names = {field.name for field in fields(Recipe)}
    optional = {"pseudo_type": "US", "local_radius": None, "core_radius": None, "reconstruction": ()}
    given = {**optional, "element": element_of(str(mapping.get("name", ""))), **mapping}
    given.setdefault("z", atomic_numbers.get(given["element"], 0))
    if missing := names - set(given):
        raise RecipeError(f"it lacks {', '.join(sorted(missing))}")
    if unknown := set(given) - names:
        raise RecipeError(f"it holds {', '.join(sorted(map(str, unknown)))[:100]}, which no recipe has")
    crystal = {"ratio": None, "partners": (), "metallic": False, **given["crystal"]}
    crystal |= {"element": given["element"], "partners": tuple(crystal["partners"])}
    crystal |= {name: _real(crystal[name]) for name in ("lattice_constant", "ratio")}
    return Recipe(
        **{
            **given,
            **{name: _real(given[name]) for name in _REALS},
            "projectors": tuple(_orbital(*line) for line in given["projectors"]),
            "reconstruction": tuple(_orbital(*line) for line in given["reconstruction"]),
            "holes": MappingProxyType({shell: tuple(holes) for shell, holes in given["holes"].items()}),
            "crystal": ReferenceCrystal(**crystal),
            "sources": tuple(given["sources"]),
        }
    )


def _orbital(label: str, n: int, l: int, *numbers: float) -> Orbital:  # noqa: E741
    """Return a line of the lists."""
    return Orbital(label, n, l, *map(_real, numbers))


def _real(value: Any) -> Any:
    """Return a whole number as a real one: 4 and 4.0 are one recipe."""
    return float(value) if type(value) is int else value


def _with_hole(configuration: str, shell: str, removed: float) -> str:
    """Return a configuration with some charge taken from a shell."""
    shells = configuration.split()
    return " ".join(f"{one[:2]}{float(one[2:]) - removed:g}" if one[:2] == shell else one for one in shells)


def _listed(orbitals: tuple[Orbital, ...]) -> str:
    """Return a list as ``ld1.x`` reads it."""
    return "\n".join([str(len(orbitals)), *(orbital.line for orbital in orbitals)]) + "\n"
