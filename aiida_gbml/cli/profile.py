"""The AiiDA profile of a user: its storage, its broker and its settings."""

from __future__ import annotations

from typing import Any

from aiida.common.exceptions import ConfigurationError
from aiida.manage.configuration import Profile, create_profile, get_config, load_profile

from aiida_gbml.cli.findings import Finding

CACHED = (
    "aiida.calculations:gbml.lammps",
    "aiida.calculations:gbml.ld1",
    "aiida.calculations:gbml.worker",
    "aiida.calculations:gbml.xspectra",
    "aiida.calculations:quantumespresso.pw",
)
"""Engines whose finished results are used again, so that an identical search runs none of them."""

_SETTINGS = {
    "daemon.timeout": 60,  # s; with the default of 2 a restart on a busy machine leaves the daemon down
    "broker.task_timeout": 60,  # s; the default of 10 is short for hundreds of submissions
    "runner.poll.interval": 1,  # s
}


def ensure_profile(name: str) -> Finding:
    """Load the user's profile, or make one that needs no services.

    :param name: name of the profile that is made when the user has none.
    :raises ValueError: when there are profiles and none of them is the default.
    """
    config = get_config(create=True)
    made = not config.profile_names
    if made:
        _create(name)
    try:
        profile = load_profile()
    except ConfigurationError as exception:
        remedy = "choose one with `aiida-gbml -p NAME` or `verdi profile set-default NAME`"
        raise ValueError(f"{exception}; {remedy}") from exception
    text = f"'{profile.name}' on {profile.storage_backend}, broker {profile.process_control_backend or 'none'}"
    return Finding("profile", "made" if made else "ok", f"{text}, in {config.dirpath}")


def _create(name: str) -> None:
    """Make a profile on SQLite with AiiDA's own ZeroMQ broker, and make it the default."""
    from aiida.plugins import BrokerFactory

    config = get_config()
    broker = "core.zeromq"
    create_profile(
        config,
        name=name,
        email=config.get_option("autofill.user.email") or "aiida@localhost",
        storage_backend="core.sqlite_dos",
        storage_config={},
        broker_backend=broker,
        broker_config=BrokerFactory(broker).get_default_config(),
    )
    config.set_default_profile(name, overwrite=True).store()


def ensure_settings(profile: Profile, workers: int | None) -> Finding:
    """Set what the defaults get wrong, and leave alone what the user has set.

    :param workers: workers that a daemon starts with; None leaves the number as it is.
    """
    config = get_config()
    present = config.get_options(profile.name)
    wanted: dict[str, Any] = {name: value for name, value in _SETTINGS.items() if present[name][1] == "default"}
    if workers is not None and workers != present["daemon.default_workers"][2]:
        wanted["daemon.default_workers"] = workers
    if missing := uncached(profile):
        wanted["caching.enabled_for"] = [*present["caching.enabled_for"][2], *missing]
    for name, value in wanted.items():
        config.set_option(name, value, scope=profile.name)
    if not wanted:
        return Finding("settings", "ok", "daemon, broker and caching are set")
    config.store()
    texts = {name: " ".join(value) if isinstance(value, list) else value for name, value in wanted.items()}
    listed = ", ".join(f"{name} = {text}" for name, text in texts.items())
    return Finding("settings", "made", listed)


def uncached(profile: Profile) -> list[str]:
    """Return the processes for which caching is off."""
    options = get_config().get_options(profile.name)
    if options["caching.default_enabled"][2]:
        return []
    return [pattern for pattern in CACHED if pattern not in options["caching.enabled_for"][2]]
