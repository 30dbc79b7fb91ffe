"""Running a work chain here with a progress bar, or handing it to the daemon."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiida.cmdline.utils.log import CliHandler
from tqdm import tqdm

if TYPE_CHECKING:
    from aiida import orm
    from aiida.engine import ProcessBuilder, WorkChain

_REFRESH = 0.5  # s
_POLL = 0.2  # s


def require_daemon() -> None:
    """Raise unless a process can be handed to the daemon.

    :raises ValueError: when there is no broker, or its daemon does not run.
    """
    from aiida.manage import get_manager

    manager = get_manager()
    backend = manager.get_profile().process_control_backend  # type: ignore[union-attr]
    if backend is None:
        raise ValueError("this profile has no broker to reach a daemon; look at `aiida-gbml doctor`, or use --run")
    if backend == "core.zeromq" and not manager.get_daemon_client().is_daemon_running:
        raise ValueError("the daemon does not run; start it with `verdi daemon start`, or use --run")


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
    """Run a work chain in this interpreter, with a progress bar, and return its node.

    :param noun: what runs, before the bar.
    :param unit: what the bar counts.
    :param poll: time in s between two looks at each process that is waited for, which take CPU time themselves.
    """
    from aiida.manage import get_manager

    manager = get_manager()
    manager.reset_runner()  # or `set_runner` closes the event loop that both would share
    runner = manager.create_runner(communicator=None, poll_interval=poll)  # everything runs here: no broker is needed
    manager.set_runner(runner)
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
        runner.run(process)
        _update(bar, process)
    return process.node  # type: ignore[no-any-return]


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
        tqdm.write(f"{record.levelname.capitalize()}: {record.getMessage()}")


def _update(bar: Any, process: WorkChain) -> None:
    """Show what the process knows: its context lives in this interpreter."""
    context = process.ctx
    bar.n = context.get("n_observations", 0)
    if "progress" in context:
        bar.n, bar.total = context["progress"]
    if context.get("best") is not None:
        bar.set_postfix_str(f"best {context.best:.4f} J/m²", refresh=False)
    if "basins" in context:
        bar.set_description_str(f"search {process.node.pk}, verifying {len(context.basins)} basins", refresh=False)
    bar.refresh()
