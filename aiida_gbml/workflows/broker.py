"""What the daemon does with tasks: whether it can take any, and what to do when the embedded broker has died.

Each broker of AiiDA listens on sockets of its own, and the workers of the daemon stay connected to those of the broker
that they found when they started: after its crash they run what they have, but get no new task any more, and what they
submit is lost. New workers find the new broker, which gives them the tasks of the old ones.
"""

from __future__ import annotations

import psutil  # type: ignore[import-untyped]
from aiida import orm
from aiida.brokers.zeromq import ZeromqBroker
from aiida.engine import ProcessState
from aiida.engine.daemon.client import DaemonException, get_daemon_client
from aiida.manage import get_config_option, get_manager

_UNDER_WAY = [ProcessState.RUNNING.value, ProcessState.WAITING.value]


def is_cut_off() -> bool:
    """Return whether the broker is younger than this worker, which is then connected to a broker that is no more."""
    broker = get_manager().get_broker()
    if not isinstance(broker, ZeromqBroker):
        return False  # RabbitMQ's clients reconnect
    status = broker.probe_service_status()
    if not status.get("connected"):
        return False  # the daemon is about to start another one
    try:
        return bool(psutil.Process(status["pid"]).create_time() > psutil.Process().create_time())
    except psutil.NoSuchProcess:
        return False


def has_free_slots() -> bool:
    """Return whether the workers of the daemon would begin another process now; one that has not begun is lost then."""
    try:
        n_workers = get_daemon_client().get_numprocesses()["numprocesses"]
    except (DaemonException, KeyError):
        return False  # it is being stopped, or started
    query = orm.QueryBuilder().append(orm.ProcessNode, filters={"attributes.process_state": {"in": _UNDER_WAY}})
    return bool(query.count() < n_workers * get_config_option("daemon.worker_process_slots"))


def restart_workers() -> None:
    """Ask the daemon for new workers; this one is stopped by it, and its processes go on in a new one."""
    try:
        get_daemon_client().restart_daemon(wait=False)
    except DaemonException:
        return  # the daemon is being stopped, or does it already
