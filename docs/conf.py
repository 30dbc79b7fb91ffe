"""How `make docs` builds the documentation: the tutorial is run, in an AiiDA profile that is thrown away afterwards."""

import atexit
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import literal_strong, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

# AiiDA reads the path at its first import; the kernel that runs the tutorial inherits it.
os.environ["AIIDA_PATH"] = tempfile.mkdtemp(prefix="gbml_docs_")
os.environ["OMP_NUM_THREADS"] = "1"
atexit.register(shutil.rmtree, os.environ["AIIDA_PATH"], ignore_errors=True)
sys.path.insert(0, str(Path(__file__).parent / "extensions"))

import aiida_gbml  # noqa: E402
from aiida_gbml.cli.setup import setup as make_profile  # noqa: E402
from aiida_gbml.science.spectra import pseudo_checks  # noqa: E402

make_profile.main([], standalone_mode=False)

project = "aiida-gbml"
author = "The aiida-gbml developers"
copyright = f"2026, {author}"  # noqa: A001  (the name is Sphinx')
version = release = aiida_gbml.__version__

extensions = [
    "aiida.sphinxext",
    "core_hole_recipes",
    "elemental_properties",
    "exit_codes",
    "mathml",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
templates_path = ["templates"]

html_theme = "furo"
html_title = f"aiida-gbml {release}"
html_show_sourcelink = False
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["wide.css"]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {  # limits that the text names
    "level_error": f"{1e3 * pseudo_checks.LARGEST_LEVEL_ERROR:g}",
    "derivative_error": f"{pseudo_checks.LARGEST_DERIVATIVE_ERROR:g}",
    "norm_error": f"{pseudo_checks.LARGEST_NORM_ERROR:g}",
    "overlap": f"{pseudo_checks.SMALLEST_OVERLAP:g}",
    "lattice_error": f"{100 * pseudo_checks.LARGEST_LATTICE_ERROR:g}",
    "relaxation": f"{pseudo_checks.LARGEST_RELAXATION:g}",
}
nb_execution_mode = "force" if shutil.which("lmp") else "off"
nb_execution_timeout = 600  # s
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True
nb_output_stderr = "remove"  # the log; pages print the report instead

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say shapes and units, which say more
add_module_names = False
copybutton_prompt_text = "$ "

# Without the network there are no inventories of other projects, so links to them lead nowhere.
_ELSEWHERE = "abc|aiida|ase|collections|click|dataclasses|enum|matplotlib|numpy|plumpy|pymatgen|sklearn|torch|typing"
nitpick_ignore_regex = [
    ("py:.*", rf"({_ELSEWHERE})([.].*)?"),
    ("py:(attr|data)", ".*"),  # not every constant has a paragraph of its own
    ("py:(class|meth)", r"(.*[.])?_\w+"),  # what classes share among themselves
    ("py:obj", r".*[.]\w+T"),  # type variables
]


def link_short_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement) -> Any:
    """Link a name that a module imports, and its docstrings use, to where it is documented."""
    if node.get("refdomain") != "py" or node.hasattr("refspecific"):
        return None
    if node["reftype"] == "attr" and "." not in node["reftarget"]:
        return None  # an attribute of the class itself; others have one of that name too
    node["refspecific"] = True  # look at the ends of the names as well
    place, kind, target = node["refdoc"], node["reftype"], node["reftarget"]
    return env.get_domain("py").resolve_xref(env, place, app.builder, kind, target, node, text)


def skip_routing(_: Sphinx, what: str, name: str, *__: Any) -> bool | None:
    """Leave out the methods that scikit-learn gives to every estimator for the routing of its metadata."""
    return True if what == "class" and re.fullmatch(r"set_\w+_request", name) else None


def drop_metadata(_: Sphinx, document: nodes.document) -> None:
    """Leave the ports that every process of AiiDA has out of the lists of ports."""
    for port in list(document.findall(nodes.list_item)):
        if port.children and isinstance(port[0], literal_strong) and port[0].astext() == "metadata":
            port.parent.remove(port)


def setup(app: Sphinx) -> None:
    """Register what is done here."""
    app.connect("autodoc-skip-member", skip_routing)
    app.connect("missing-reference", link_short_name)
    app.connect("doctree-read", drop_metadata)
