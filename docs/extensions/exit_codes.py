"""The directive `exit-codes`: a table of the ways in which a process can end, read off the process itself."""

from collections.abc import Iterable
from importlib import import_module

from aiida.engine import Process
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ExitCodes(SphinxDirective):
    """List the exit codes that this package gives to a process; those of AiiDA and of other plugins are left out.

    The argument is the full name of the class.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        module, _, name = self.arguments[0].rpartition(".")
        process = getattr(import_module(module), name)
        foreign = _foreign_labels(process)
        own = [(code.status, label, code.message) for label, code in process.exit_codes.items() if label not in foreign]
        return [_table(("Status", "Label", "Message"), [(str(status), *texts) for status, *texts in sorted(own)])]


def _foreign_labels(process: type[Process]) -> set[str]:
    """Return the labels that a process inherits from other packages."""
    bases = [base for base in process.__mro__ if issubclass(base, Process)]
    return {label for base in bases if not base.__module__.startswith("aiida_gbml.") for label in base.exit_codes}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> nodes.table:
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in (1, 5, 8)]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group)


def _row(texts: Iterable[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *_inline(text))) for text in texts))


def _inline(text: str) -> list[nodes.Node]:
    """Return a text in which what stands between backticks is literal."""
    parts = enumerate(text.split("`"))
    return [nodes.literal(text=part) if index % 2 else nodes.Text(part) for index, part in parts]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("exit-codes", ExitCodes)
    return {"parallel_read_safe": True}
