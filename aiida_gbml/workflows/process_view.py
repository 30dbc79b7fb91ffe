"""What any of our work chains looks like from outside: where it stands, and which of its children failed."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from aiida import orm
from aiida.common.links import LinkType


class ProcessView:
    """Read access to a work chain that is running, finished or failed.

    :param node: the work chain; subclasses may also take the data that it makes, which has no children.
    """

    def __init__(self, node: Any) -> None:
        self.node = node

    @property
    def progress(self) -> str:
        """How far a work chain is that has not ended, in a few words."""
        ended = sum(child.is_terminated for child in self.children.values())
        return f"{ended} of {len(self.children)} children ended"

    @property
    def state(self) -> str:
        """One sentence on where the work chain stands."""
        if not self.node.is_terminated:
            state = self.node.process_state
            return f"{state.value if state else 'unknown'}, {self.progress}"
        if self.node.is_finished_ok:
            return "finished"
        exit_text = f"[{self.node.exit_status}] {self.node.exit_message}" if self.node.is_finished else "excepted"
        return "killed" if self.node.is_killed else exit_text

    @cached_property
    def children(self) -> dict[str, orm.ProcessNode]:
        """The processes that were called, by their labels."""
        if not isinstance(self.node, orm.ProcessNode):
            return {}
        links = self.node.base.links.get_outgoing(link_type=(LinkType.CALL_CALC, LinkType.CALL_WORK)).all()
        # A function that died with its worker has run again under the same label: the latest counts.
        links.sort(key=lambda link: (link.link_label, link.node.pk))
        return {str(link.link_label): cast("orm.ProcessNode", link.node) for link in links}

    def failed_children(self) -> list[tuple[str, orm.ProcessNode]]:
        """Return the failed processes that were called, by their labels."""
        ended = [(label, node) for label, node in self.children.items() if node.is_terminated]
        return [(label, node) for label, node in ended if not node.is_finished_ok]
