"""How commands that launch a process end: one sentence of what is wrong, or what was found and where to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiida.cmdline.utils import echo

if TYPE_CHECKING:
    from pathlib import Path

    from aiida import orm

    from aiida_gbml.cli.reports.base import Report

RUN, DAEMON = "run", "daemon"

LOOK = "look at it with `aiida-gbml show {pk}` and `aiida-gbml plot {pk}`"
"""What to do next with most processes."""

_FORMATS = ("png", "svg")
_PREFIXES = ("invalid attribute value ", "Error occurred validating port 'inputs': ")  # AiiDA's own words


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the command with the sentence of an error that a user can mend."""
    try:
        yield
    except (ValueError, OSError) as exception:
        text = " ".join(str(exception).split())
        for prefix in _PREFIXES:
            text = text.removeprefix(prefix)
        echo.echo_critical(text)


def new_file(path: Path) -> Path:
    """Return the path of a file that is to be written.

    :raises ValueError: when it is there already, or has no folder.
    """
    if path.exists():
        raise ValueError(f"'{path}' exists already; choose another name with --output")
    return in_folder(path)


def in_folder(path: Path) -> Path:
    """Return the path of a file that is to be written, new or not.

    :raises ValueError: when it has no folder.
    """
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder '{path.parent}' for '{path.name}'; make it, or choose another --output")
    return path


def tell(
    node: orm.ProcessNode,
    mode: str,
    report: Callable[[Any], Report],
    output: str,
    *,
    n_rows: int,
    pictures: Path | None,
    noun: str = "search",
    look: str = LOOK,
) -> None:
    """Say what a process has found that ran here, or only its pk when the daemon runs it; end with its failure.

    :param mode: :data:`RUN` or :data:`DAEMON`.
    :param report: class of the report.
    :param output: without which there is nothing to report.
    :param n_rows: most rows of tables.
    :param pictures: folder to draw into; none for no pictures.
    :param noun: what the process is.
    :param look: where to look next, with the place ``{pk}``.
    """
    from aiida_gbml.cli.results import echo_pictures
    from aiida_gbml.workflows.ending import ending_of

    if mode == RUN and output in node.outputs:
        found = report(node)
        echo.echo(found.text(n_rows))
        if pictures is not None:
            echo_pictures(found, [], pictures, _FORMATS)
    echo.echo(f"pk {node.pk}")
    if mode == RUN and not node.is_finished_ok:
        echo.echo_critical(f"{noun} {node.pk} ended with {ending_of(node)}")
    echo.echo_report(look.format(pk=node.pk))
    if mode == DAEMON and pictures is not None:
        echo.echo_report(f"when it has ended, draw with `aiida-gbml plot {node.pk} -o {pictures}`")
