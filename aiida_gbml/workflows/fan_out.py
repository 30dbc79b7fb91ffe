"""Many children of one work chain: each launched once under its own name, at most so many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple, cast

from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ExitCode, Process, ProcessBuilder, ProcessState, WorkChain
from aiida.engine.persistence import get_object_loader
from aiida.engine.processes.launcher import ProcessLauncher
from aiida.engine.processes.workchains.awaitable import Awaitable, AwaitableAction, AwaitableTarget
from aiida.engine.utils import prepare_inputs
from plumpy.persistence import LoadSaveContext
from plumpy.process_comms import create_continue_body

from aiida_gbml.workflows.broker import has_free_slots, is_cut_off, restart_workers
from aiida_gbml.workflows.ending import reason_of

Launch = tuple[type[Process], Mapping[str, Any]]
"""A process class and its inputs."""

_CALLS = (LinkType.CALL_CALC.value, LinkType.CALL_WORK.value)
_TERMINATED = {state.value for state in (ProcessState.FINISHED, ProcessState.EXCEPTED, ProcessState.KILLED)}
_FAN_OUT = "fan_out"
_LONGEST_WAIT = 600.0  # s


class _Call(NamedTuple):
    pk: int
    state: str | None

    @property
    def is_terminated(self) -> bool:
        return self.state in _TERMINATED


class FanOut(WorkChain):
    """A work chain that launches many children, each of them once, whatever happens to the daemon.

    The provenance graph is the only memory: a child is known by the label of its call link. A step that died half way
    runs again and finds the children it has already launched (a plain ``submit`` launches them twice, aiida-core
    issue 3671). A child whose task was lost, because the worker died between storing the child and sending its task,
    is sent again. Unlike ``ToContext``, which waits for *all* children, a fan-out goes on as soon as *any* of them has
    terminated, so that a slow one does not keep the others from starting::

        while_(cls.has_unfinished)(cls.launch), cls.collect

        def has_unfinished(self):
            return bool(self.unfinished(self.labels))

        def launch(self):
            self.fan_out(self.labels, self.build_child, max_concurrent=4)
    """

    RESEND_AFTER: float = 10.0
    """Seconds an adopted child may stay ``created`` before its task counts as lost.

    Unless all workers are busy: then the task is still in the queue, and two workers would run the child if it were
    sent twice. They are asked again after twice as long, and so on up to ten minutes.
    """

    LOOK_EVERY: float = 10.0
    """Seconds between two looks at the broker of the daemon while children are running."""

    def fan_out(self, labels: Iterable[str], build: Callable[[str], Launch], max_concurrent: int) -> None:
        """Launch the next children and wait until any active child of the work chain has terminated.

        Call it as the last act of a step: what a step does after a submission would be repeated after a crash.

        :param labels: call-link labels in the order of launching; unique in the work chain and the same at each call.
        :param build: returns the process class and the inputs for a label; called for those only that are launched.
        :param max_concurrent: how many children of the work chain may be active at a time, at least 1.
        :raises ValueError: when ``max_concurrent`` allows no child at all.
        """
        if max_concurrent < 1:
            raise ValueError(f"max_concurrent must be at least 1, got {max_concurrent}")
        calls = self._calls()
        active = [call.pk for call in calls.values() if not call.is_terminated]
        missing = [label for label in labels if label not in calls]
        active += [self._launch(label, *build(label)) for label in missing[: max(max_concurrent - len(active), 0)]]
        for pk in active:
            self._wait_for(pk)

    def call_once(self, label: str, function: Callable[..., Any], **inputs: Any) -> Any:
        """Return the outputs of a calculation function, which is not run again when its step is repeated.

        :param label: call-link label, unique in the work chain.
        :param function: a calculation function that returns its outputs by name.
        :returns: the outputs by name, or the exit code when the function did not accept its inputs.
        """
        node = self.children(label).get(label)
        if node is None or not node.is_finished:
            node = function.run_get_node(**inputs, metadata={"call_link_label": label})[1]  # type: ignore[attr-defined]
        if not node.is_finished_ok:
            return ExitCode(node.exit_status or 1, reason_of(node))
        return {link.link_label: link.node for link in node.base.links.get_outgoing(link_type=LinkType.CREATE)}

    def submit(self, process: Any, inputs: dict[str, Any] | None = None, **kwargs: Any) -> orm.ProcessNode:
        """Submit one child; if there is already one under the call-link label of its metadata, return that one.

        :param process: process class or builder.
        :param inputs: inputs of the process, which may also be given as keywords.
        """
        given = process if isinstance(process, ProcessBuilder) else prepare_inputs(inputs, **kwargs)
        adopted = self._calls().get(given.get("metadata", {}).get("call_link_label", ""))
        if adopted is not None:
            return cast("orm.ProcessNode", orm.load_node(adopted.pk))
        node = super().submit(process, inputs, **kwargs)
        self._launched.add(cast("int", node.pk))
        return node

    def children(self, prefix: str = "", labels: Sequence[str] | None = None) -> dict[str, orm.ProcessNode]:
        """Return the children whose label begins with a prefix, sorted by label, in whatever state they are.

        :param labels: only these; of many children the others are not loaded.
        """
        rows = self._query_calls([orm.ProcessNode], ["*"], prefix, labels)
        found = sorted((label, node.pk, node) for node, label in rows if label.startswith(prefix))
        return {label: node for label, _, node in found}

    def unfinished(self, labels: Iterable[str]) -> list[str]:
        """Return those of the labels whose child is not launched or not yet terminated, in their order."""
        calls = self._calls()
        return [label for label in labels if label not in calls or not calls[label].is_terminated]

    def _exit(self, label: str, **words: Any) -> ExitCode:
        """Return an exit code of the work chain with its message filled in."""
        code: ExitCode = self.exit_codes[label]
        return code.format(**words)

    def _calls(self) -> dict[str, _Call]:
        # Process functions run inside a step; one that died with its worker would look active forever.
        rows = self._query_calls([orm.CalcJobNode, orm.WorkChainNode], ["id", "attributes.process_state"])
        return {label: _Call(pk, state) for pk, state, label in rows}

    def _query_calls(
        self,
        classes: list[type[orm.ProcessNode]],
        project: list[str],
        prefix: str = "",
        labels: Sequence[str] | None = None,
    ) -> list[list[Any]]:
        """Return the projections and the label of every child of some classes, in one query.

        :param prefix: leaves out most children with other labels, and none with this prefix.
        :param labels: if given, only children with one of these.
        """
        label = {"like": f"{prefix}%"} if labels is None else {"in": list(labels)}
        query = orm.QueryBuilder().append(orm.WorkChainNode, filters={"id": self.node.pk}, tag="parent")
        query.append(
            classes,
            with_incoming="parent",
            edge_filters={"type": {"in": _CALLS}, "label": label},
            edge_project=["label"],
            project=project,
        )
        return query.all()

    def _launch(self, label: str, process: type[Process], inputs: Mapping[str, Any]) -> int:
        """Submit one child and return its pk."""
        metadata = {**inputs.get("metadata", {}), "call_link_label": label}
        pk = cast("int", super().submit(process, {**inputs, "metadata": metadata}).pk)
        self._launched.add(pk)
        return pk

    def _wait_for(self, pk: int) -> None:
        """Register a child with the engine, without the placeholder in the context that ``to_context`` would make."""
        self._awaitables.append(
            Awaitable(pk=pk, action=AwaitableAction.ASSIGN, target=AwaitableTarget.PROCESS, outputs=False, key=_FAN_OUT)
        )
        self._update_process_status()

    # What follows overrides the engine. Sets of pks belong to this instance and are rebuilt when it is loaded again.

    @cached_property
    def _launched(self) -> set[int]:
        """Children that this instance has submitted, so that their tasks are known to be sent."""
        return set()

    @cached_property
    def _watched(self) -> set[int]:
        """Children for whose end a callback is already waiting."""
        return set()

    def _action_awaitables(self) -> None:
        """Watch the children that are not watched yet: most of them were waited for in earlier steps too."""
        if self.runner.is_daemon_runner and not self._looks_at_broker:
            self._looks_at_broker = True
            self.loop.call_later(self.LOOK_EVERY, self._look_at_broker)
        for awaitable in self._awaitables:
            if awaitable.pk in self._watched:
                continue
            self._watched.add(awaitable.pk)
            callback = partial(self.call_soon, self._on_awaitable_finished, awaitable)
            self.runner.call_on_process_finish(awaitable.pk, callback)
            if awaitable.pk not in self._launched:
                self.loop.call_later(self.RESEND_AFTER, self._resend_lost_task, awaitable.pk, self.RESEND_AFTER)

    _looks_at_broker: bool = False

    def _look_at_broker(self) -> None:
        """Get new workers when these are cut off from the broker: children that were submitted would never run."""
        if self.has_terminated():
            return
        if is_cut_off():
            self.report("asking the daemon for new workers, because these have lost the broker")
            restart_workers()
        self.loop.call_later(self.LOOK_EVERY, self._look_at_broker)

    def _on_awaitable_finished(self, awaitable: Awaitable) -> None:
        """Go on as soon as one child of the fan-out has terminated."""
        self._watched.discard(awaitable.pk)
        if awaitable.key != _FAN_OUT:
            super()._on_awaitable_finished(awaitable)
        elif self.state == ProcessState.WAITING and any(other.pk == awaitable.pk for other in self._awaitables):
            self._awaitables = [other for other in self._awaitables if other.key != _FAN_OUT]
            self._update_process_status()
            if not self._awaitables:
                self.resume()

    def _resend_lost_task(self, pk: int, waited: float) -> None:
        """Make somebody run an adopted child which nobody runs.

        Under the daemon that is a child that stayed ``created``. In the foreground the children live and die with the
        interpreter, so that every child that was not launched here is continued here.

        :param waited: seconds since the child was adopted, or looked at last.
        """
        child = orm.load_node(pk)
        if self.has_terminated() or child.is_terminated or pk in self._launched:
            return
        is_lost = child.process_state == ProcessState.CREATED and self.runner.controller is not None
        if self.runner.is_daemon_runner and is_lost and not has_free_slots():
            wait = min(2 * waited, _LONGEST_WAIT)
            self.loop.call_later(wait, self._resend_lost_task, pk, wait)
            return
        self._launched.add(pk)
        if not self.runner.is_daemon_runner:
            self.report(f"continuing {child.process_label}<{pk}>, which an earlier interpreter left behind")
            context = LoadSaveContext(runner=self.runner)
            launcher = ProcessLauncher(self.loop, self.runner.persister, context, get_object_loader())
            self.loop.create_task(launcher(None, create_continue_body(pk, nowait=True)))
        elif is_lost and self.runner.controller is not None:
            self.report(f"sending the task of {child.process_label}<{pk}> again, which was lost")
            self.runner.controller.continue_process(pk, nowait=False, no_reply=True)
