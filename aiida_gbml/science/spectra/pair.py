"""A dataset of the ground state and one with a core hole, which belong together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase.units import Ry

from aiida_gbml.science.engines.upf import Upf, UpfError, core_orbitals_text, read_upf
from aiida_gbml.science.engines.xspectra_input import CORE_SHELLS
from aiida_gbml.science.spectra.recipe_checks import SHELLS

EDGES = CORE_SHELLS
"""Shells that the edges start from."""
QUANTUM_NUMBERS = {"1s": (1, 0), "2s": (2, 0), "2p": (2, 1)}
"""Principal quantum number and angular momentum of the shells."""
_FINAL_MOMENTA = {"1s": (1,), "2s": (1,), "2p": (0, 2)}
_SMALLEST_TERM = 1.0  # eV: no core shell is bound less


class PairError(ValueError):
    """Two datasets do not belong together."""


@dataclass(frozen=True)
class AtomEnergies:
    """Total energies of the isolated atom for which a dataset was made, as ``ld1.x`` gives them.

    :param all_electron_ry: of the all-electron atom in Ry.
    :param pseudo_ry: of the pseudo atom in Ry.
    """

    all_electron_ry: float
    pseudo_ry: float

    @property
    def core_ry(self) -> float:
        """What the dataset leaves out, in Ry."""
        return self.all_electron_ry - self.pseudo_ry


@dataclass(frozen=True)
class CoreHolePair:
    """Datasets of one atom without and with a core hole.

    Everything but the core hole must be the same in both: the core term is a difference of energies that are of the
    order of 1000 eV, and a foreign dataset shifts it by tens of eV in silence.

    :param ground: the UPF file of the ground state.
    :param hole: the UPF file with the hole.
    :param shell: 1s, 2s or 2p.
    :param occupation_removed: electrons that the hole took from the shell, 0.5 or 1.
    :param ground_energies: of the atom of ``ground``, None when they are not known.
    :param hole_energies: of the atom of ``hole``, None when they are not known.
    :param recipe_checksum: of the recipe that both were made by, empty for files from elsewhere.
    """

    ground: bytes
    hole: bytes
    shell: str
    occupation_removed: float
    ground_energies: AtomEnergies | None = None
    hole_energies: AtomEnergies | None = None
    recipe_checksum: str = ""

    def __post_init__(self) -> None:
        """Refuse what does not belong together."""
        if self.shell not in SHELLS:
            raise PairError(f"the shell of the hole is '{self.shell}', known are {', '.join(SHELLS)}")
        if self.occupation_removed not in (0.5, 1.0):
            raise PairError(f"the hole holds {self.occupation_removed:g} electrons, expected 0.5 or 1")
        _check_files(self.ground_upf, self.hole_upf, self.occupation_removed, same_version=bool(self.recipe_checksum))
        if (self.ground_energies is None) != (self.hole_energies is None):
            raise PairError("total energies of the atom are given for one dataset only: give both or none")
        term = self.core_term
        if term is not None and not _SMALLEST_TERM < term < np.inf:
            raise PairError(f"the core term would be {term:g} eV: these are not the atoms of the datasets")

    @cached_property
    def ground_upf(self) -> Upf:
        """The dataset of the ground state, read."""
        return _read(self.ground, "ground-state")

    @cached_property
    def hole_upf(self) -> Upf:
        """The dataset with the hole, read."""
        return _read(self.hole, "core-hole")

    @property
    def element(self) -> str:
        """The chemical symbol."""
        return self.ground_upf.element

    @property
    def core_term(self) -> float | None:
        """The energy in eV that the hole costs and the pseudo atoms leave out, None when it is not known.

        Second bracket of the transition energy of T. Mizoguchi et al., J. Phys.: Condens. Matter 21, 104204 (2009).
        """
        if self.ground_energies is None or self.hole_energies is None:
            return None
        return float((self.hole_energies.core_ry - self.ground_energies.core_ry) * Ry)

    @property
    def orbitals(self) -> list[tuple[int, int]]:
        """Quantum numbers (n, l) of the core orbitals of the ground state."""
        return [(orbital.n, orbital.l) for orbital in self.ground_upf.core_orbitals]

    @property
    def core_orbitals_text(self) -> str:
        """The core orbitals of the ground state, as ``xspectra.x`` reads them.

        :raises PairError: when the dataset does not hold them.
        """
        try:
            return core_orbitals_text(self.ground_upf)
        except UpfError as exception:
            raise PairError(str(exception)) from exception

    def supports(self, edge: str) -> str | None:
        """Return why an edge cannot be computed with this pair, None when it can.

        :param edge: K, L1, L2, L3 or L23.
        """
        shell = EDGES.get(edge)
        if shell is None:
            return f"the edge '{edge}' is not one of {', '.join(EDGES)}"
        if shell != self.shell:
            return f"the edge {edge} of {self.element} needs a hole in {shell}, this pair has it in {self.shell}"
        if QUANTUM_NUMBERS[shell] not in self.orbitals:
            return f"the ground-state dataset of {self.element} holds no core orbital {shell}"
        for upf, state in ((self.ground_upf, "ground-state"), (self.hole_upf, "core-hole")):
            missing = sorted(set(_FINAL_MOMENTA[shell]) - set(upf.gipaw_projectors))
            if missing:
                names = ", ".join("spd"[momentum] for momentum in missing)
                return f"the {state} dataset of {self.element} has no GIPAW orbital of {names} for the edge {edge}"
        return None


def _read(content: bytes, state: str) -> Upf:
    """Return a dataset, or say which of the two cannot be read."""
    try:
        return read_upf(content)
    except UpfError as exception:
        raise PairError(f"the {state} dataset cannot be used: {exception}") from exception


def _check_files(ground: Upf, hole: Upf, removed: float, *, same_version: bool) -> None:
    """Raise unless two datasets differ in the core hole only.

    :param same_version: whether the generating programs must be of one version as well.
    """
    names = ["element", "pseudo_type", "functional", "l_max", "projectors", "gipaw_projectors", "program"]
    for name in [*names, "generator"] if same_version else names:
        if getattr(ground, name) != getattr(hole, name):
            what = name.replace("_", " ")
            raise PairError(
                f"the datasets do not belong together: {what} is {getattr(ground, name)} in the ground state and "
                f"{getattr(hole, name)} with the hole"
            )
    if ground.mesh.shape != hole.mesh.shape or not np.allclose(ground.mesh, hole.mesh, rtol=1e-6, atol=0.0):
        raise PairError("the datasets do not belong together: their radial meshes differ")
    difference = hole.z_valence - ground.z_valence
    if not np.isclose(difference, removed, atol=1e-6):
        raise PairError(
            f"the datasets do not belong together: the ions' charges differ by {difference:g}, the hole is {removed:g}"
        )
