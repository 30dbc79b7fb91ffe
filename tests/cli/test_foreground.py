"""Running a search here, or handing it to the daemon."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from aiida import orm
from aiida.manage import get_manager

from aiida_gbml.cli import foreground


def test_a_search_runs_here_and_shows_how_far_it_is(
    aiida_profile: Any, emt_search: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal; elsewhere the bar would be nothing but clutter."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    node = foreground.run(emt_search(budget=4, verification={}))
    assert node.is_finished_ok, node.exit_message
    shown = capsys.readouterr().err
    assert f"search {node.pk}" in shown
    assert "4/4" in shown
    assert f"best {node.outputs.observations.base.attributes.get('best'):.4f} J/m²" in shown
    assert "verifying 3 basins" in shown


def test_a_process_that_says_how_far_it_is_is_shown() -> None:
    bar = SimpleNamespace(n=0, total=None, refresh=lambda: None)
    foreground._update(bar, SimpleNamespace(ctx={"progress": [3, 10]}))
    assert (bar.n, bar.total) == (3, 10)


def test_without_a_broker_there_is_no_daemon_to_submit_to(aiida_profile_tmp: Any) -> None:
    with pytest.raises(ValueError, match="no broker to reach a daemon; look at `aiida-gbml doctor`, or use --run"):
        foreground.require_daemon()


def test_a_daemon_that_does_not_run_is_named(aiida_config_tmp: Any, aiida_profile_factory: Any) -> None:
    with (
        aiida_profile_factory(aiida_config_tmp, broker_backend="core.zeromq"),
        pytest.raises(ValueError, match="the daemon does not run; start it with `verdi daemon start`, or use --run"),
    ):
        foreground.require_daemon()


def test_what_cannot_be_submitted_says_how_to_go_on(aiida_profile: Any, emt_search: Any) -> None:
    """Without a broker, even if nobody has asked for one before."""
    before = orm.QueryBuilder().append(orm.WorkChainNode).count()
    with pytest.raises(ValueError, match="start the daemon with `verdi daemon start`, or use --run"):
        foreground.submit(emt_search())
    assert orm.QueryBuilder().append(orm.WorkChainNode).count() == before
    assert get_manager().get_profile() is not None
