"""`aiida-gbml launch potential-surface`: from a host and a potential to the path of a mobile atom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.utils import echo

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder

_OPTIONS = (
    ("mobile", ("mobile",)),
    ("engine", ("engine", "name")),
    ("code", ("engine", "code")),
    ("potential", ("engine", "potential")),
    ("pseudo_family", ("engine", "pseudo_family")),
    ("protocol", ("protocol",)),
    ("strategy", ("overrides", "strategy", "method")),
    ("features", ("overrides", "strategy", "features")),
    ("budget", ("overrides", "budget")),
    ("batch_size", ("overrides", "batch_size")),
    ("seed", ("overrides", "seed")),
    ("spacing", ("overrides", "grid", "spacing")),
    ("supercell", ("overrides", "supercell")),
    ("temperature", ("overrides", "temperature")),
    ("worker", ("worker",)),
    ("label", ("label",)),
)
"""Options of the command and the place of each in a configuration file."""

_KEYS = ("crystal", "mobile", "engine", "protocol", "overrides", "worker", "label")

N_ROWS = 5
"""Sites that are listed when a search has run here."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("potential-surface")
@click.argument("crystal", required=False, type=_FILE)
@click.option("--config", type=_FILE, help="YAML file with the same.")
@click.option("--mobile", help="Element that moves, such as H.")
@click.option("--engine", help="lammps, pw, or the entry point of another evaluation.  [default: lammps]")
@click.option("--code", help="Code of the engine, such as lmp@localhost.")
@click.option("--potential", help="Potential file of LAMMPS, or YAML with pair styles and coefficients.")
@click.option("--pseudo-family", help="Pseudopotential family, for pw.")
@click.option("--protocol", type=click.Choice(("fast", "balanced", "stringent")), help="[default: balanced]")
@click.option("--strategy", type=click.Choice(("kriging", "random", "exhaustive")), help="[default: kriging]")
@click.option("--features", type=click.Choice(("environment", "harmonics")), help="[default: environment]")
@click.option("--budget", type=int, help="Most evaluations; 0 for every point.")
@click.option("--batch-size", type=int, help="Evaluations a round.")
@click.option("--seed", type=int, help="Seed of every draw.")
@click.option("--spacing", type=float, help="Largest step between points in Å.")
@click.option("--supercell", type=int, nargs=3, help="Cells of the host in each calculation, three integers.")
@click.option("--temperature", type=float, help="Temperature of the jump rate in K.")
@click.option("--worker", help="Code of a Python that proposes and analyses in jobs; for 2,000 points and more.")
@click.option("--label", help="Label of the process.")
@click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into this folder.")
@click.option("--run", "mode", flag_value="run", help="Run here, with a progress bar.")
@click.option("--daemon", "mode", flag_value="daemon", default=True, help="Submit to the daemon.  [default]")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print the points, make no process.")
def potential_surface(
    crystal: Path | None, config: Path | None, mode: str, pictures: Path | None, **options: Any
) -> None:
    """Find stable sites and the lowest path of an atom that moves in CRYSTAL, a file that ASE or pymatgen reads."""
    from aiida_gbml.cli import configuration, foreground, outcome
    from aiida_gbml.cli.reports.potential_surface import PotentialSurfaceReport

    with outcome.one_sentence():
        settings = _settings(crystal, config, options)
        if mode == "dry-run":
            echo.echo(describe(settings))
            return
        if mode == "daemon":
            foreground.require_daemon()
        search = builder(settings)
        search.structure = configuration.read_into_graph(settings)
        node = foreground.start(search, mode, "surface")
    outcome.tell(node, mode, PotentialSurfaceReport, "summary", n_rows=N_ROWS, pictures=pictures)


def builder(settings: dict[str, Any]) -> ProcessBuilder:
    """Return the builder of the search that some settings describe; nothing is stored.

    :raises ValueError: when something is missing or does not exist, or the search would refuse it.
    """
    from aiida import orm
    from ase import Atoms

    from aiida_gbml.cli import configuration
    from aiida_gbml.workflows.compounds.potential_surface import PotentialSurfaceWorkChain
    from aiida_gbml.workflows.worker import worker_inputs

    host = configuration.read_crystal(settings.get("crystal"))
    mobile = _mobile(settings)
    both = host + Atoms(mobile, cell=host.cell, pbc=True)  # an engine needs to know all elements
    search = PotentialSurfaceWorkChain.get_builder_from_protocol(
        orm.StructureData(ase=host),
        mobile,
        configuration.engine_builder(settings.get("engine", {}), both, settings.get("protocol")),
        protocol=settings.get("protocol"),
        overrides=configuration.overrides_of(settings),
    )
    if settings.get("worker"):
        search.worker = worker_inputs(configuration.find_code(settings["worker"], "worker"))
    search["metadata"]["label"] = str(settings.get("label") or "")
    configuration.check(search)
    return search


def describe(settings: dict[str, Any]) -> str:
    """Return what a search would do: its points before and after symmetry and distances, and the size of a structure.

    :raises ValueError: when there is no such search, in one sentence.
    """
    from aiida_gbml.cli.configuration import overrides_of, read_crystal
    from aiida_gbml.cli.potentials import check_potential
    from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
    from aiida_gbml.science.compounds.potential_surface.structures import build
    from aiida_gbml.workflows.compounds.potential_surface import PotentialSurfaceWorkChain

    inputs = PotentialSurfaceWorkChain.get_protocol_inputs(settings.get("protocol"), overrides_of(settings))
    PotentialSurfaceWorkChain.get_setting_nodes(inputs)  # or they are refused
    check_potential(settings.get("engine", {}))
    host, mobile = read_crystal(settings.get("crystal")), _mobile(settings)
    spec = GridSpec.from_dict(inputs["grid"])
    grid = SiteGrid.of(host, mobile, spec)
    structure = build(host, mobile, grid, [0], supercell=inputs["supercell"])
    closest = ", ".join(f"{one} {spec.least_distance(mobile, one):.2f}" for one in sorted(set(host.symbols)))
    budget = min(inputs["budget"] or len(grid), len(grid))
    lines = {
        "grid": f"{' x '.join(map(str, grid.divisions))} = {len(grid.orbits)} points, steps of "
        f"{max((grid.steps**2).sum(axis=1)) ** 0.5:.3f} Å",
        "too close": f"{int((grid.orbits < 0).sum())} of them, closer in Å than {closest}",
        "candidates": f"{len(grid)}, one for each orbit of {len(grid.matrices)} operations",
        "structure": f"{int(structure.sizes[0])} atoms",
        "evaluations": f"at most {budget}; searches of a thousand candidates took 20 to 50",
    }
    return "\n".join(f"{name:<14}{text}" for name, text in lines.items())


def _settings(crystal: Path | None, config: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file, with those of the options in their places."""
    from aiida_gbml.cli import configuration

    settings = configuration.read(config, _KEYS) if config else {}
    configuration.put_options(settings, _OPTIONS, options)
    if crystal is not None:
        settings["crystal"] = crystal
    return settings


def _mobile(settings: dict[str, Any]) -> str:
    """Return the element that moves."""
    from ase.data import atomic_numbers

    from aiida_gbml.cli.configuration import ConfigurationError

    mobile = settings.get("mobile")
    if not isinstance(mobile, str) or mobile not in atomic_numbers or mobile == "X":
        given = "" if mobile is None else f", got '{mobile}'"
        raise ConfigurationError(f"which element moves? Give --mobile with a symbol, such as H{given}")
    return str(mobile)
