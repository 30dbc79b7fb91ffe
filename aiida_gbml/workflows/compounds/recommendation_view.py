"""What a recommendation looks like from outside: the same plain values for the command line and for notebooks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from aiida import orm

from aiida_gbml.data.ranking import RankingData
from aiida_gbml.workflows.process_view import ProcessView

if TYPE_CHECKING:
    from aiida_gbml.data.composition_set import CompositionSetData
    from aiida_gbml.data.model import ModelData
    from aiida_gbml.data.structure_set import StructureSetData
    from aiida_gbml.science.compounds.ranking import Ranking

_LABEL = "RecommendationWorkChain"


class RecommendationView(ProcessView):
    """Read access to a recommendation, or to a ranking by itself.

    :param node: the work chain, or a ranking.
    :raises ValueError: when the node is neither.
    """

    def __init__(self, node: Any) -> None:
        label = getattr(node, "process_label", None)
        if label != _LABEL and not isinstance(node, RankingData):
            kind = label or type(node).__name__
            raise ValueError(f"node {node.pk} is a {kind}, neither a recommendation nor a ranking")
        super().__init__(node)

    @property
    def is_alone(self) -> bool:
        """Whether it is a ranking by itself."""
        return isinstance(self.node, RankingData)

    @property
    def state(self) -> str:
        """One sentence on where the recommendation stands."""
        return "a ranking" if self.is_alone else super().state

    @property
    def progress(self) -> str:
        """How many shards are scored."""
        shards = [child for label, child in self.children.items() if label.startswith("shard_")]
        return f"{sum(child.is_finished_ok for child in shards)} of {self.node.inputs.n_shards.value} shards scored"

    @cached_property
    def ranking_node(self) -> RankingData | None:
        """The node of the ranking; none as long as there is none."""
        if self.is_alone:
            return self.node  # type: ignore[no-any-return]
        return self.node.outputs.ranking if "ranking" in self.node.outputs else None

    @cached_property
    def ranking(self) -> Ranking | None:
        """The ranking itself; none as long as there is none."""
        return None if self.ranking_node is None else self.ranking_node.ranking

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What was known, scored and first; empty as long as there is none."""
        return self._output("report")

    @cached_property
    def evaluation(self) -> dict[str, Any]:
        """How the model was judged; empty without."""
        return self._output("evaluation")

    @cached_property
    def verification(self) -> dict[str, Any]:
        """Hit rate of the computed compositions; empty without."""
        report = self._verification("report")
        return {} if report is None else dict(report.get_dict())

    @cached_property
    def verified(self) -> StructureSetData | None:
        """The computed structures with their verdicts; none without."""
        found: StructureSetData | None = self._verification("verified")
        return found

    @cached_property
    def joined(self) -> CompositionSetData | None:
        """The known compositions with those that were found stable; none without."""
        found: CompositionSetData | None = self._verification("known")
        return found

    @cached_property
    def model(self) -> ModelData | None:
        """The fitted model; none as long as there is none."""
        return self._outputs.model if "model" in self._outputs else None

    @cached_property
    def curves(self) -> orm.ArrayData | None:
        """The curves of the evaluation; none without."""
        return self._outputs.curves if "curves" in self._outputs else None

    @property
    def _outputs(self) -> Any:
        return {} if self.is_alone else self.node.outputs

    def _verification(self, name: str) -> Any:
        if "verification" not in self._outputs or name not in self._outputs["verification"]:
            return None
        return self._outputs["verification"][name]

    def _output(self, name: str) -> dict[str, Any]:
        return dict(self._outputs[name].get_dict()) if name in self._outputs else {}
