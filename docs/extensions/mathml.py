"""Formulas as MathML, which browsers show by themselves: pages read without a network are complete."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(tex2mathml(_known(node.astext())))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(tex2mathml(_known(node.astext()), as_block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _known(text: str) -> str:
    """Return a formula without the one common command that docutils does not know."""
    return re.sub(r"\\dots(?![a-zA-Z])", r"\\ldots", text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True}
