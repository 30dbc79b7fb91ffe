"""The root of the command `aiida-gbml`; a command is imported when it is asked for."""

from __future__ import annotations

import click
from aiida.cmdline.params import options, types

import aiida_gbml
from aiida_gbml.cli.lazy_group import LazyGroup

_MODULES = {
    "boundaries": "aiida_gbml.cli.boundaries",
    "doctor": "aiida_gbml.cli.doctor",
    "explain": "aiida_gbml.cli.results",
    "export": "aiida_gbml.cli.results",
    "launch": "aiida_gbml.cli.launch",
    "plot": "aiida_gbml.cli.results",
    "property": "aiida_gbml.cli.property",
    "recommend": "aiida_gbml.cli.recommend",
    "setup": "aiida_gbml.cli.setup",
    "show": "aiida_gbml.cli.results",
}
"""The module of each command; its function carries the name of the command."""


@click.group("aiida-gbml", cls=LazyGroup, modules=_MODULES, context_settings={"help_option_names": ["-h", "--help"]})
@options.PROFILE(type=types.ProfileParamType(load_profile=True), expose_value=False)
@click.version_option(aiida_gbml.__version__, package_name="aiida-gbml")
def cli() -> None:
    """Search grain boundaries, compute core-hole spectra, recommend compounds, and keep how each number was made."""
