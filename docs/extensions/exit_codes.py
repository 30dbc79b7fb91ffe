"""The directive `exit-codes`: a table of the ways in which a process can end, read off the process itself."""

from collections.abc import Iterable
from importlib import import_module

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ExitCodes(SphinxDirective):
    """List the exit codes that a process defines beyond those of its base classes.

    The argument is the full name of the class; AiiDA's own codes (below 200) are left out.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        module, _, name = self.arguments[0].rpartition(".")
        process = getattr(import_module(module), name)
        codes = sorted(process.exit_codes.values(), key=lambda code: code.status)
        rows = [(str(code.status), label_of(process, code), code.message) for code in codes if code.status >= 200]
        return [_table(("Status", "Label", "Message"), rows)]


def label_of(process: type, code: object) -> str:
    """Return the label under which a process knows one of its exit codes."""
    return next(label for label, known in process.exit_codes.items() if known is code)  # type: ignore[attr-defined]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> nodes.table:
    """Return a table whose last column is as wide as the others together."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in (1, 5, 8)]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["exit-codes"])


def _row(texts: Iterable[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in texts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("exit-codes", ExitCodes)
    return {"parallel_read_safe": True}
