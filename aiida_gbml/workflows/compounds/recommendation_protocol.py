"""Builders of a recommendation from a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder
from aiida_quantumespresso.workflows.protocols.utils import ProtocolMixin

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.workflows.compounds.recommendation_validation import candidate_space, is_judgeable
from aiida_gbml.workflows.protocol import refuse_unknown, setting_node, setting_nodes
from aiida_gbml.workflows.worker import worker_inputs

_NODES: dict[str, Any] = {
    "space": orm.Dict,
    "model": orm.Dict,
    "shortlist": orm.Dict,
    "top_k": orm.Int,
    "n_shards": orm.Int,
    "max_concurrent": orm.Int,
}
MOST_JUDGED = 3
"""Largest number of elements for which a model is judged by default."""


class RecommendationProtocol(ProtocolMixin):
    """Fills a builder of a recommendation from `protocols/recommendation.yaml`."""

    @classmethod
    def get_protocol_filepath(cls) -> Path:
        """Return the file that holds the protocols."""
        return Path(__file__).parent / "protocols" / "recommendation.yaml"

    @classmethod
    def get_protocol_inputs(cls, protocol: str | None = None, overrides: Any = None) -> dict[str, Any]:
        """Return the settings of a protocol with some of them overridden.

        A model or a shortlist of another kind has none of the protocol's settings.

        :raises ValueError: for a protocol or a setting that is not known.
        """
        given = dict(overrides or {})
        replaced = {name: given.pop(name) for name in ("model", "shortlist", "validation") if name in given}
        settings: dict[str, Any] = {**super().get_protocol_inputs(protocol, given), **replaced}
        refuse_unknown(settings, (*_NODES, "validation"))
        return settings

    @classmethod
    def get_complete_inputs(
        cls, known: CompositionSet, ions: IonTableData, protocol: str | None = None, overrides: Any = None
    ) -> dict[str, Any]:
        """Return the settings of a protocol for some known compositions.

        Without being asked for a model is judged only up to ternaries, since one job ranks all candidates for it, and
        only where there is enough to be found.

        :param ions: elements and charges.
        :raises ValueError: for a protocol or a setting that is not known, or a space that makes no sense.
        """
        settings = cls.get_protocol_inputs(protocol, overrides)
        if settings["validation"] is not None and "validation" not in (overrides or {}):
            space = candidate_space(setting_node("space", orm.Dict, settings["space"]).get_dict(), ions)
            if space.arity > MOST_JUDGED or not is_judgeable(settings["validation"], known, space):
                settings["validation"] = None
        return settings

    @classmethod
    def get_setting_nodes(cls, settings: Mapping[str, Any]) -> dict[str, orm.Data]:
        """Return the inputs that the settings of a protocol become; `validation` is the one below `validation.split`.

        :raises ValueError: for a setting of another type, or one that the recommendation would refuse.
        """
        ports = cls.spec().inputs
        split = {"validation": ports["validation"]["split"]}
        return setting_nodes({**ports, **split}, settings, {**_NODES, "validation": orm.Dict})

    @classmethod
    def get_builder_from_protocol(
        cls,
        worker: orm.AbstractCode,
        known: CompositionSetData,
        *,
        exclude: CompositionSetData | None = None,
        later: CompositionSetData | None = None,
        ions: IonTableData | None = None,
        verification: ProcessBuilder | None = None,
        protocol: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder whose inputs follow a protocol.

        :param worker: code of a Python with aiida_gbml.science.
        :param known: the known compositions.
        :param exclude: compositions of another database that are not recommended either.
        :param later: compositions of another database by which the model is judged, instead of a division of `known`.
        :param ions: elements and charges; the project's own table by default.
        :param verification: builder of a `CompositionVerificationWorkChain` without its ranking.
        :param protocol: fast, balanced or stringent.
        :param overrides: what differs from the protocol; absolute.
        :param options: of the scheduler.
        :raises ValueError: for a protocol or an override that is not known, or of the wrong type.
        """
        table = IonTableData(IonTable.default()) if ions is None else ions
        settings = cls.get_complete_inputs(known.compositions, table, protocol, overrides)
        builder: ProcessBuilder = cls.get_builder()
        builder.known = known
        if exclude is not None:
            builder.exclude = exclude
        builder.ions = table
        nodes = cls.get_setting_nodes(settings)
        split = nodes.pop("validation", None)
        for name, node in nodes.items():
            builder[name] = node
        builder.worker = worker_inputs(worker, options)
        if later is not None:
            builder.validation = {"later": later}
        elif split is not None:
            builder.validation = {"split": split}
        if verification is not None:
            builder.verification = verification._inputs(prune=True)
        else:
            builder.pop("verification", None)
        return builder
