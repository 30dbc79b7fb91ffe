"""The directive `recipes`: a table of the recipes of core-hole pseudopotentials, read off the package itself."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from aiida_gbml.science.spectra.recipes import Recipe, recipes

_HEAD = ("Recipe", "Holes", "Cutoffs (Ry)", "Crystal", "Tried, and sources")
_WIDTHS = (2, 3, 3, 4, 14)


class Recipes(SphinxDirective):
    """List what each recipe makes, and what is known of it."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        group = nodes.tgroup(cols=len(_HEAD))
        group += [nodes.colspec(colwidth=width) for width in _WIDTHS]
        group += nodes.thead("", _row(_HEAD))
        group += nodes.tbody("", *(_row(_told(recipe)) for recipe in recipes().values()))
        return [nodes.table("", group)]


def _told(recipe: Recipe) -> tuple[str, ...]:
    """Return the texts of a row."""
    crystal = recipe.crystal
    formula = crystal.atoms().get_chemical_formula("metal", empirical=True)
    return (
        recipe.name,
        "; ".join(f"{shell} {' '.join(holes)}" for shell, holes in recipe.holes.items()) or "none",
        f"{recipe.cutoff_wfc:g}, {recipe.cutoff_rho:g}",
        f"{crystal.prototype} {formula}, {crystal.lattice_constant:g} Å",
        ". ".join(text.rstrip(".") for text in (recipe.validation, *recipe.sources) if text) + ".",
    )


def _row(texts: tuple[str, ...]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("recipes", Recipes)
    return {"parallel_read_safe": True}
