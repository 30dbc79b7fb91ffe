"""From the inputs that all sites share to the keys by which a spectrum is known again."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.science.spectra.identity import key_of

_PAIR, _PSEUDO = "pair_", "pseudo_"

_VERSION = 1
"""Raise it when the same inputs give other spectra, so that datasets are not extended by what does not fit to them."""


@calcfunction
def identify_settings(**inputs: orm.Data) -> dict[str, orm.Dict]:
    """Return the MD5s that :func:`aiida_gbml.science.spectra.identity.settings_key` takes, as output ``settings``.

    That of a hole counts its core term too, by which the axis moves.

    :param inputs: ``pair_O_full``: a pair by element and hole; ``pseudo_Mg``: the pseudopotential of another element;
        any other name: a setting that all spectra share.
    """
    elements: dict[str, dict[str, str]] = {}
    common: dict[str, Any] = {}
    for name, node in inputs.items():
        if isinstance(node, CoreHolePairData):
            element, hole = name.removeprefix(_PAIR).split("_")
            known = node.base.attributes.all
            of_hole = key_of([known["hole_md5"], known["core_term"]])
            elements.setdefault(element, {}).update({"ground": known["ground_md5"], hole: of_hole})
        elif name.startswith(_PSEUDO):
            elements.setdefault(name.removeprefix(_PSEUDO), {}).setdefault("ground", node.base.attributes.get("md5"))
        else:
            common[name] = [node.base.attributes.all, node.base.repository.hash()]
    return {"settings": orm.Dict({"common": key_of([_VERSION, common]), "elements": elements})}
