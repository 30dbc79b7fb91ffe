"""What a search in rounds, which proposes, evaluates and records, looks like from outside."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import Counter
from functools import cached_property
from typing import Any, ClassVar

from aiida import orm

from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.process_view import ProcessView

_RECORDED = re.compile(r"adopt|record_\d+")


class RoundsView(ProcessView):
    """Read access to a search that is running, finished or failed.

    :param node: the work chain of the search.
    :raises ValueError: when the node is no such search.
    """

    LABEL: ClassVar[str]
    """Name of the work chain."""
    NOUN: ClassVar[str]
    """What it is, with its article."""

    def __init__(self, node: orm.WorkChainNode) -> None:
        if node.process_label != self.LABEL:
            raise ValueError(f"process {node.pk} is a {node.process_label}, not {self.NOUN}")
        super().__init__(node)

    @property
    @abstractmethod
    def observations(self) -> Any:
        """Everything observed so far, in the order of the evaluations; its ``reasons`` say what failed."""

    @property
    def progress(self) -> str:
        """How many candidates are evaluated."""
        return f"{len(self.observations)} evaluated"

    @cached_property
    def evaluated(self) -> StructureSet | None:
        """Every evaluated structure; none as long as the search goes on."""
        return self.node.outputs.evaluated.structures if "evaluated" in self.node.outputs else None

    @property
    def recorded(self) -> list[orm.Data]:
        """The nodes of observations that were recorded, each of which holds the earlier ones."""
        nodes = [node for label, node in self.children.items() if _RECORDED.fullmatch(label) and node.is_finished_ok]
        return [node.outputs.observations for node in nodes]

    @cached_property
    def outlooks(self) -> list[tuple[int, dict[str, Any]]]:
        """Number of observations that each proposal knew, and what it expected of the search."""
        found = []
        for label, node in self.children.items():
            if not label.startswith("propose_") or not node.is_finished_ok:
                continue
            outputs = node.outputs.results if "results" in node.outputs else node.outputs
            inputs = node.inputs.arrays if "arrays" in node.inputs else node.inputs
            known = inputs.observations.base.attributes.get("n_observations") if "observations" in inputs else 0
            if "outlook" in outputs:
                found.append((known, outputs.outlook.get_dict()))
        return found

    def failures(self) -> list[tuple[str, int]]:
        """Return each reason of a failed evaluation with the number of rows it stopped, most frequent first."""
        return Counter(str(reason) for reason in self.observations.reasons if reason).most_common()
