"""The directive `elemental-properties`: a table of the properties of the elements, read off the package itself."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from aiida_gbml.science.compounds.elements import PROPERTIES, element_table

_HEAD = ("Property", "Unit", "Gaps", "Source")
_WIDTHS = (4, 2, 1, 10)


class ElementalProperties(SphinxDirective):
    """List the properties of the elements, how many values each lacks, and where it is from."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        gaps = element_table().filled.sum(axis=0).tolist()
        group = nodes.tgroup(cols=len(_HEAD))
        group += [nodes.colspec(colwidth=width) for width in _WIDTHS]
        group += nodes.thead("", _row(_HEAD))
        rows = [(one.name, one.unit, str(gap), one.source) for one, gap in zip(PROPERTIES, gaps, strict=True)]
        group += nodes.tbody("", *map(_row, rows))
        return [nodes.table("", group)]


def _row(texts: tuple[str, ...]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("elemental-properties", ElementalProperties)
    return {"parallel_read_safe": True}
