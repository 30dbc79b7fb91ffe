"""The node of two pseudopotentials that differ by a core hole and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import md5
from typing import Any

from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.science.engines.upf import read_upf
from aiida_gbml.science.spectra.pair import AtomEnergies, CoreHolePair
from aiida_gbml.science.spectra.recipes import REMOVED

HOLES = {hole: removed for hole, removed in REMOVED.items() if removed}
"""Electrons that each hole takes out of its shell."""

VERDICTS = ("passed", "failed", "unchecked")

_FILES = {"ground": "ground.upf", "hole": "hole.upf", "core": "core_orbitals.txt"}
_ENERGIES = ("all_electron_ry", "pseudo_ry")


class CoreHolePairData(orm.Data):
    """A ground-state dataset, the dataset with a hole that belongs to it, and what the checks said of both.

    Files: ``ground.upf``, ``hole.upf`` and ``core_orbitals.txt`` of the ground state, as ``xspectra.x`` reads it.
    Attributes for queries: ``element``, ``recipe`` (its name, empty for a user's pair), ``shell`` ('1s', '2p'),
    ``hole`` ('half', 'full'), ``functional``, ``pseudo_type``, ``generator``, ``cutoff_wfc`` and ``cutoff_rho`` (Ry),
    ``core_term`` (eV, None when the energies of the atoms are not known), ``z_valence_ground`` and ``z_valence_hole``,
    ``orbitals`` ('1s 2s 2p'), ``ground_md5``, ``hole_md5``, ``core_md5``, ``recipe_md5``, energies of the atoms such as
    ``ground_all_electron_ry``, the ``verdict`` ('passed', 'failed', 'unchecked'), its ``problems`` (sentences), and the
    numbers of the checks.

    :param pair: the datasets, which belong together.
    :param facts: further attributes, flat: ``recipe``, cutoffs, verdict, problems, numbers of the checks.
    """

    def __init__(self, pair: CoreHolePair | None = None, facts: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pair is None:
            return
        contents = {"ground": pair.ground, "hole": pair.hole, "core": pair.core_orbitals_text.encode("ascii")}
        for name, content in contents.items():
            self.base.repository.put_object_from_bytes(content, _FILES[name])
            self.base.attributes.set(f"{name}_md5", _md5(content))
        defaults: dict[str, Any] = {
            "recipe": "",
            "cutoff_wfc": None,
            "cutoff_rho": None,
            "verdict": "unchecked",
            "problems": [],
        }
        self.base.attributes.set_many({**defaults, **(facts or {}), **_summary(pair)})

    @classmethod
    def query(
        cls,
        element: str | None = None,
        shell: str | None = None,
        hole: str | None = None,
        verdict: str | None = None,
        recipe: str | None = None,
    ) -> orm.QueryBuilder:
        """Return the query for the pairs that fit, newest first.

        :param element: chemical symbol.
        :param shell: '1s', '2s' or '2p'.
        :param hole: 'half' or 'full'.
        :param verdict: 'passed', 'failed' or 'unchecked'.
        :param recipe: name of the recipe that made it.
        """
        wanted = {"element": element, "shell": shell, "hole": hole, "verdict": verdict, "recipe": recipe}
        filters = {f"attributes.{name}": value for name, value in wanted.items() if value is not None}
        query = orm.QueryBuilder().append(cls, filters=filters, tag="pair", project="*")
        return query.order_by({"pair": {"id": "desc"}})

    @property
    def ground(self) -> bytes:
        """Content of the UPF file of the ground state."""
        return self._content("ground")

    @property
    def hole(self) -> bytes:
        """Content of the UPF file with the hole."""
        return self._content("hole")

    @property
    def core_orbitals(self) -> bytes:
        """Content of the file of core orbitals that ``xspectra.x`` reads."""
        return self._content("core")

    @property
    def filenames(self) -> dict[str, str]:
        """Names under which the files leave the node, by ``ground``, ``hole`` and ``core_orbitals``."""
        known = self.base.attributes.all
        stem = known["recipe"] or known["element"]
        hole = f"{stem}.{known['hole']}{known['shell']}.UPF"
        return {"ground": f"{stem}.ground.UPF", "hole": hole, "core_orbitals": f"{stem}.core.txt"}

    @cached_property
    def pair(self) -> CoreHolePair:
        """The datasets, with the energies of their atoms."""
        known = self.base.attributes.all
        return CoreHolePair(
            self.ground,
            self.hole,
            known["shell"],
            HOLES[known["hole"]],
            ground_energies=_energies(known, "ground"),
            hole_energies=_energies(known, "hole"),
            recipe_checksum=known["recipe_md5"],
        )

    def _content(self, name: str) -> bytes:
        content: bytes = self.base.repository.get_object_content(_FILES[name], mode="rb")
        return content

    def _validate(self) -> bool:
        """Refuse to store datasets that do not belong together, or files that are not those of the attributes."""
        super()._validate()
        missing = set(_FILES.values()) - set(self.base.repository.list_object_names())
        if missing:
            raise ValidationError(f"CoreHolePairData holds no '{min(missing)}'")
        known = self.base.attributes.all
        for name, filename in _FILES.items():
            if _md5(self._content(name)) != known.get(f"{name}_md5"):
                raise ValidationError(f"CoreHolePairData: '{filename}' is not the file of `{name}_md5`")
        if known["verdict"] not in VERDICTS:
            raise ValidationError(f"the verdict is {known['verdict']!r}, expected one of {', '.join(VERDICTS)}")
        try:
            _ = self.pair
        except ValueError as exception:
            raise ValidationError(f"CoreHolePairData: {exception}") from exception
        return True


def _summary(pair: CoreHolePair) -> dict[str, Any]:
    """Return the flat attributes by which pairs are found."""
    ground, hole = read_upf(pair.ground), read_upf(pair.hole)
    energies = {"ground": pair.ground_energies, "hole": pair.hole_energies}
    return {
        "element": ground.element,
        "shell": pair.shell,
        "hole": next(name for name, removed in HOLES.items() if removed == pair.occupation_removed),
        "functional": ground.functional,
        "pseudo_type": ground.pseudo_type,
        "generator": ground.generator,
        "z_valence_ground": ground.z_valence,
        "z_valence_hole": hole.z_valence,
        "orbitals": " ".join(f"{n}{'spdf'[momentum]}" for n, momentum in pair.orbitals),
        "core_term": pair.core_term,
        "recipe_md5": pair.recipe_checksum,
        **{
            f"{state}_{name}": None if atom is None else getattr(atom, name)
            for state, atom in energies.items()
            for name in _ENERGIES
        },
    }


def _energies(known: Mapping[str, Any], state: str) -> AtomEnergies | None:
    values = {name: known[f"{state}_{name}"] for name in _ENERGIES}
    return None if None in values.values() else AtomEnergies(**values)


def _md5(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()
