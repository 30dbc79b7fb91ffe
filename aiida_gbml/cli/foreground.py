"""Running a work chain here with a progress bar, or handing it to the daemon."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import psutil  # type: ignore[import-untyped]
from aiida.cmdline.utils.log import CliHandler
from plumpy.greenback_bridge import run_with_portal
from plumpy.process_states import KillInterruption
from tqdm import tqdm

if TYPE_CHECKING:
    from aiida import orm
    from aiida.engine import Process, ProcessBuilder, WorkChain

_REFRESH = 0.5  # s
_POLL = 0.2  # s
_BROKER_STARTS = 60.0  # s at most, on a busy machine
_KILLING = 60.0  # s at most


def require_daemon() -> None:
    """Raise unless a process can be handed to the daemon; wait for the broker of one that has just been started.

    Until it is there, the socket of an earlier broker that died would take a process, and nobody would ever get it.

    :raises ValueError: when there is no broker, or its daemon does not run.
    """
    from aiida.manage import get_manager

    manager = get_manager()
    backend = manager.get_profile().process_control_backend  # type: ignore[union-attr]
    if backend is None:
        raise ValueError("this profile has no broker to reach a daemon; look at `aiida-gbml doctor`, or use --run")
    if backend != "core.zeromq":
        return
    client, broker = manager.get_daemon_client(), cast("Any", manager.get_broker())
    deadline = time.monotonic() + _BROKER_STARTS
    while True:
        pid = client.get_daemon_pid()
        if pid is None or not psutil.pid_exists(pid):
            raise ValueError("the daemon does not run; start it with `verdi daemon start`, or use --run")
        if broker.check_service_reachable():
            return
        if time.monotonic() > deadline:
            raise ValueError("the daemon runs without its broker; look at `aiida-gbml doctor`, or use --run")
        time.sleep(_POLL)


def submit(builder: ProcessBuilder) -> orm.WorkChainNode:
    """Submit a process to the daemon and return its node.

    :raises ValueError: when there is no broker or no daemon.
    """
    from aiida.common.exceptions import InvalidOperation
    from aiida.engine import submit as submit_process

    try:
        return submit_process(builder)  # type: ignore[return-value]
    except InvalidOperation as exception:
        raise ValueError(f"{exception}; start the daemon with `verdi daemon start`, or use --run") from exception


def run(
    builder: ProcessBuilder, noun: str = "search", unit: str = "evaluation", poll: float = _POLL
) -> orm.WorkChainNode:
    """Run a work chain in this interpreter, with a progress bar, and return its node, however it ended.

    :param noun: what runs, before the bar.
    :param unit: what the bar counts.
    :param poll: time in s between two looks at each process that is waited for, which take CPU time themselves.
    """
    runner = _runner(poll)
    process: Any = runner.instantiate_process(builder)
    total = process.inputs.budget.value if "budget" in process.inputs else None
    name = f"{noun} {process.node.pk}"
    # Without a terminal there is no bar, only the lines of the report.
    with tqdm(total=total, unit=unit, desc=name, disable=None) as bar, _reports_above_bar():

        def tick() -> None:
            _update(bar, process)
            if not process.has_terminated():
                runner.loop.call_later(_REFRESH, tick)

        runner.loop.call_later(_REFRESH, tick)
        _run_to_its_end(runner, process)
        _update(bar, process)
    return process.node  # type: ignore[no-any-return]


def start(
    builder: ProcessBuilder, mode: str, noun: str = "search", unit: str = "evaluation", poll: float = _POLL
) -> orm.WorkChainNode:
    """Run a work chain here, or submit it, and return its node.

    :param mode: ``run`` or ``daemon``.
    :raises ValueError: when it is to be submitted and there is no broker or no daemon.
    """
    return run(builder, noun, unit, poll) if mode == "run" else submit(builder)


def run_job(process: type[Process], inputs: Mapping[str, Any], poll: float = _POLL) -> orm.ProcessNode:
    """Run one process in this interpreter, without a progress bar, and return its node.

    :param poll: time in s between two looks at what is waited for.
    """
    runner = _runner(poll)
    instance: Any = runner.instantiate_process(process, **inputs)
    _run_to_its_end(runner, instance)
    return instance.node  # type: ignore[no-any-return]


def run_task(
    code: orm.AbstractCode,
    task: str,
    archives: Mapping[str, Any],
    parameters: orm.Dict,
    *,
    types: Mapping[str, str],
    label: str = "",
) -> orm.CalcJobNode:
    """Run a task of the worker in this interpreter and return its finished job.

    :param code: of the worker.
    :param task: module below `aiida_gbml.science`.
    :param archives: that it reads, by name.
    :param types: entry point of the data type of each output.
    :param label: of the job.
    :raises ValueError: when it failed, with its own sentence.
    """
    from aiida_gbml.workflows.ending import ending_of
    from aiida_gbml.workflows.worker import worker_inputs, worker_job

    process, inputs = worker_job(worker_inputs(code), task, archives, parameters, types)
    node = run_job(process, {**inputs, "metadata": {**inputs["metadata"], "label": label}})
    if not node.is_finished_ok:
        raise ValueError(f"job {node.pk} ended with {ending_of(node)}")
    return node  # type: ignore[return-value]


def _runner(poll: float) -> Any:
    """Return a runner of this interpreter: everything runs here, no broker is needed."""
    from aiida.manage import get_manager

    manager = get_manager()
    manager.reset_runner()  # or `set_runner` closes the event loop that both would share
    runner = manager.create_runner(communicator=None, poll_interval=poll)
    manager.set_runner(runner)
    return runner


def _run_to_its_end(runner: Any, process: Any) -> None:
    """Run a process, whose node tells whether it finished, excepted or was killed."""
    try:
        with _killed_by_loop(runner):
            runner.run(process)
    except Exception:
        if not process.has_terminated():
            raise


@contextmanager
def _killed_by_loop(runner: Any) -> Iterator[None]:
    """Kill on Ctrl-C whatever a runner runs, between two callbacks of its event loop.

    AiiDA's handlers, of the process and of each function that it calls, do it within the signal: in the middle of a
    transaction, after which nothing can be stored any more, not even the end of the process. And without a broker they
    leave what the process has called waiting for ever.
    """
    loop = runner.loop
    processes: list[Any] = []
    killing: list[asyncio.Task[None]] = []

    def instantiate(*args: Any, **inputs: Any) -> Any:
        processes.append(instantiate_process(*args, **inputs))
        return processes[-1]

    def kill_all() -> None:
        for process in processes:  # callers first, so that none goes on with what it has called
            if not process.has_terminated():
                process.kill(msg_text="Process was killed by Ctrl-C")

    def kill() -> None:
        if not killing:
            loop.set_exception_handler(_tell_unless_killed)
            # Cancelling a job waits for its computer, which a plain callback cannot.
            killing.append(loop.create_task(run_with_portal(kill_all)))

    def bind(number: int, handler: Any) -> Any:
        return signal.getsignal(number) if number == signal.SIGINT else bind_signal(number, handler)

    bind_signal, instantiate_process = signal.signal, runner.instantiate_process
    runner.instantiate_process = instantiate
    loop.add_signal_handler(signal.SIGINT, kill)
    signal.signal = bind  # type: ignore[assignment]
    try:
        yield
    finally:
        if killing:
            loop.run_until_complete(_ends(killing[0], processes))
        signal.signal = bind_signal
        loop.remove_signal_handler(signal.SIGINT)


async def _ends(killing: asyncio.Task[None], processes: list[Any]) -> None:
    """Wait until all processes have been killed, but not for ever for a computer that does not answer."""
    await asyncio.wait([killing, *(process.future() for process in processes)], timeout=_KILLING)


def _tell_unless_killed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Print what went wrong in a task, unless it is that nobody waits any more for a job that was killed."""
    if not isinstance(context.get("exception"), KillInterruption):
        loop.default_exception_handler(context)


@contextmanager
def _reports_above_bar() -> Iterator[None]:
    """Print what processes report above the bar instead of across it."""
    logger = logging.getLogger("aiida")
    handlers = logger.handlers
    logger.handlers = [_AboveBar() if isinstance(handler, CliHandler) else handler for handler in handlers]
    try:
        yield
    finally:
        logger.handlers = handlers


class _AboveBar(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "|on_except]: " not in message:  # a traceback, of which the command ends with what it says
            tqdm.write(f"{record.levelname.capitalize()}: {message}")


def _update(bar: Any, process: WorkChain) -> None:
    """Show what the process knows: its context lives in this interpreter."""
    if bar.disable:
        return
    context = process.ctx
    if bar.bar_format:
        bar.bar_format = None
        bar.set_description_str(_name(bar), refresh=False)
    bar.n = context.get("n_observations", 0)
    if "progress" in context:
        bar.n, bar.total = context["progress"]
    if context.get("best") is not None:
        bar.set_postfix_str(f"best {context.best:.4f} {context.get('unit_of_best', 'J/m²')}", refresh=False)
    if "basins" in context:
        bar.set_description_str(f"search {process.node.pk}, verifying {len(context.basins)} basins", refresh=False)
    elif not bar.total or bar.n >= bar.total:
        _show_step(bar, process.node)
    bar.refresh()


def _show_step(bar: Any, node: orm.WorkChainNode) -> None:
    """Show the child that runs, and for how long: before there is anything to count, and after all is counted."""
    from aiida import orm

    filters = {"attributes.process_state": {"in": ["created", "running", "waiting"]}}
    query = orm.QueryBuilder().append(orm.WorkChainNode, filters={"id": node.pk}, tag="parent")
    query.append(orm.ProcessNode, with_incoming="parent", filters=filters, edge_project="label", tag="child")
    labels = query.order_by({"child": {"id": "desc"}}).limit(1).all(flat=True)
    steps = [label.replace("_", " ") for label in labels]
    bar.set_description_str(", ".join([_name(bar), *steps]), refresh=False)
    bar.bar_format = "{desc} [{elapsed}]"


def _name(bar: Any) -> str:
    return str(bar.desc).partition(",")[0]
