"""`aiida-gbml boundaries`: which coincidence boundaries there are."""

from __future__ import annotations

import click
from aiida.cmdline.utils import echo


@click.command("boundaries")
@click.option("--max-sigma", type=click.IntRange(3, 199), default=13, show_default=True, help="Largest sigma.")
@click.option("--axis", "axes", type=int, nargs=3, multiple=True, help="Rotation axes.  [default: 001, 110 and 111]")
def boundaries(max_sigma: int, axes: tuple[tuple[int, int, int], ...]) -> None:
    """List the symmetric tilt and the twist boundaries of cubic crystals up to a sigma."""
    from tabulate import tabulate

    from aiida_gbml.science.interfaces.boundary import list_boundaries

    found = list_boundaries(max_sigma, *([axes] if axes else []))
    columns = ("sigma", "type", "axis", "plane", "angle (°)")
    rows = [
        (one.sigma, one.kind, " ".join(map(str, one.axis)), " ".join(map(str, one.plane)), f"{one.angle:.2f}")
        for one in found
    ]
    echo.echo(tabulate(rows, headers=columns, disable_numparse=True))
