"""`aiida-gbml launch core-hole-pseudos` and `verdi data gbml.core_hole_pair`: datasets with a core hole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params import arguments, options, types
from aiida.cmdline.utils import decorators, echo

from aiida_gbml.cli.data import echo_table

if TYPE_CHECKING:
    from aiida import orm
    from aiida.engine import ProcessBuilder

    from aiida_gbml.cli.core_hole_sets import Wanted
    from aiida_gbml.data.core_hole_pair import CoreHolePairData

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHELLS = click.Choice(("1s", "2s", "2p"))
_UNITS = {
    "cutoff_wfc": "Ry",
    "cutoff_rho": "Ry",
    "core_term": "eV",
    "relaxation": "eV",
    "level_error": "Ry",
    "derivative_error": "rad",
    "lattice_constant": "Å",
}


@click.command("core-hole-pseudos")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--shell", type=_SHELLS, help="Shell of the hole.  [default: 1s, or that of the recipe]")
@click.option("--ground", type=_FILE, help="UPF file of your own for the ground state, instead of that of the recipe.")
@click.option("--hole", "holes", type=_FILE, multiple=True, help="UPF file with the hole; may be repeated: half, full.")
@click.option("--partner", "partners", type=_FILE, multiple=True, help="UPF file of another element of the crystal.")
@click.option("--pw-code", help="Code of pw.x.  [default: pw]")
@click.option("--ld1-code", help="Code of ld1.x.  [default: ld1]")
@click.option("--protocol", type=click.Choice(("fast", "balanced", "stringent")), help="[default: balanced]")
@click.option("--again", is_flag=True, help="Make and try also those that are stored and have passed.")
@click.option("--run", "mode", flag_value="run", help="Run here, with a progress bar.")
@click.option("--daemon", "mode", flag_value="daemon", default=True, help="Submit to the daemon.  [default]")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print what would be made, and what is there.")
def core_hole_pseudos(names: tuple[str, ...], mode: str, again: bool, **given: Any) -> None:
    """Make and check datasets with a core hole.

    NAME is an element, a recipe such as Mg_n, or a YAML file with a recipe. Each set is tried in a crystal of which the
    lattice constant is known; what that takes of other elements is made on the way.
    """
    from aiida_gbml.cli import foreground
    from aiida_gbml.cli.core_hole_sets import describe, describe_plan

    try:
        wanted = _wanted(names, given)
        found = {} if again else {one.recipe.name: one.stored() for one in wanted}
        made: dict[str, orm.WorkChainNode] = {name: node for name, node in found.items() if node is not None}
        if mode == "dry-run":
            echo.echo(describe_plan(wanted, made))
            return
        if mode == "daemon":
            foreground.require_daemon()
        builders = {one.recipe.name: _builder(one, given) for one in wanted if one.recipe.name not in made}
        for name in made:
            echo.echo_report(f"{name} is stored already and has passed; --again makes it anew")
        if mode == "daemon":
            for name, builder in builders.items():
                node = foreground.submit(builder)
                echo.echo(f"{name}: pk {node.pk}, look at it with `aiida-gbml show {node.pk}`")
            return
        for name, builder in builders.items():
            made[name] = foreground.run(builder, noun=f"datasets of {name},", unit="run")
    except (ValueError, OSError) as exception:
        echo.echo_critical(" ".join(str(exception).split()).removeprefix("Error occurred validating port 'inputs': "))
    echo.echo(describe({one.recipe.name: made[one.recipe.name] for one in wanted}))
    if failed := [name for name, node in made.items() if not node.is_finished_ok]:
        echo.echo_critical(
            f"not all is well with {', '.join(failed)}: look at `aiida-gbml explain {made[failed[0]].pk}`"
        )


def _wanted(names: tuple[str, ...], given: dict[str, Any]) -> list[Wanted]:
    """Return what is asked for, each once.

    :raises ValueError: when it is not clear what that is.
    """
    from aiida_gbml.cli.core_hole_sets import find, read_pair

    if given["ground"] is None:
        if given["holes"]:
            raise ValueError("a file with a hole needs that of the ground state: give it with --ground")
        if not names:
            raise ValueError("name an element or a recipe, such as `aiida-gbml launch core-hole-pseudos C O`")
        return [find(name, given["shell"]) for name in dict.fromkeys(names)]
    if len(names) > 1:
        raise ValueError("give one name with --ground: the recipe that tells the crystal to try the files in")
    files = read_pair(given["ground"], given["holes"])
    return [find(names[0] if names else str(files["ground"].element), given["shell"], files)]


def _builder(wanted: Wanted, given: dict[str, Any]) -> ProcessBuilder:
    """Return the builder of one set."""
    from aiida_gbml.cli.configuration import find_code
    from aiida_gbml.cli.core_hole_sets import read_dataset
    from aiida_gbml.workflows.spectra.pseudos import CoreHolePseudosWorkChain

    files = dict(wanted.files)
    ground = files.pop("ground", None)
    partners = [read_dataset(path) for path in given["partners"]]
    return CoreHolePseudosWorkChain.get_builder_from_protocol(
        find_code(given["pw_code"], "pw"),
        wanted.recipe,
        find_code(given["ld1_code"], "ld1"),
        wanted.shell,
        given["protocol"],
        ground=ground,
        holes=files,
        partners={str(partner.element): partner for partner in partners},
    )


def _filters(command: Any) -> Any:
    """Add the filters of pairs to a command."""
    for option in (
        click.option("--verdict", type=click.Choice(("passed", "failed", "unchecked")), help="Only with this verdict."),
        click.option("--hole", type=click.Choice(("half", "full")), help="Only with this hole."),
        click.option("--shell", type=_SHELLS, help="Only with a hole in this shell."),
        click.option("--element", metavar="SYMBOL", help="Only of this element."),
    ):
        command = option(command)
    return command


@click.group("gbml.core_hole_pair", cls=VerdiCommandGroup)
def core_hole_pair() -> None:
    """Manage pairs of datasets without and with a core hole."""


@core_hole_pair.command("list")
@_filters
@options.LIMIT()
@options.RAW()
@decorators.with_dbenv()
def core_hole_pair_list(limit: int | None, raw: bool, **conditions: Any) -> None:
    """List the pairs, newest first."""
    from aiida_gbml.data.core_hole_pair import CoreHolePairData

    nodes = CoreHolePairData.query(**conditions).limit(limit).all(flat=True)
    echo_table([_pair_row(node) for node in nodes], raw)


@core_hole_pair.command("show")
@arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.core_hole_pair",)))
@decorators.with_dbenv()
def core_hole_pair_show(datum: CoreHolePairData) -> None:
    """Show all that is known of one pair."""
    fields = {name: value for name, value in datum.base.attributes.all.items() if name != "problems"}
    width = max(len(name) for name in fields)
    for name, value in sorted(fields.items()):
        echo.echo(f"{name:<{width}}  {'-' if value is None else value} {_UNITS.get(name, '')}".rstrip())
    for problem in datum.base.attributes.get("problems"):
        echo.echo(f"problem: {problem}")


@core_hole_pair.command("export")
@arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.core_hole_pair",)))
@click.option(
    "-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder."
)
@decorators.with_dbenv()
def core_hole_pair_export(datum: CoreHolePairData, folder: Path) -> None:
    """Write both UPF files and the core orbitals, as pw.x and xspectra.x read them."""
    names = datum.filenames
    contents = {"ground": datum.ground, "hole": datum.hole, "core_orbitals": datum.core_orbitals}
    paths = {name: folder / names[name] for name in contents}
    if existing := [path for path in paths.values() if path.exists()]:
        echo.echo_critical(f"'{existing[0]}' exists already; choose another folder with --output")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        paths[name].write_bytes(content)
        echo.echo_success(f"wrote {paths[name]}")


def _pair_row(node: CoreHolePairData) -> dict[str, str]:
    known = node.base.attributes.all
    term = known["core_term"]
    return {
        "PK": str(node.pk),
        "Element": known["element"],
        "Recipe": known["recipe"] or "-",
        "Hole": f"{known['hole']} {known['shell']}",
        "Core term (eV)": "-" if term is None else f"{term:.3f}",
        "Functional": f"{known['functional']} {known['pseudo_type']}",
        "Cutoffs (Ry)": f"{known['cutoff_wfc'] or '-'} {known['cutoff_rho'] or '-'}",
        "Orbitals": known["orbitals"],
        "Verdict": known["verdict"],
    }
