"""Datasets with a core hole as a user asks for them: by names, by files, or stored already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiida import orm
    from aiida_pseudo.data.pseudo import UpfData

    from aiida_gbml.science.spectra.recipes import Recipe

_TEXTS = ("validation", "sources")
_LARGEST_FILE = 50_000_000  # bytes


@dataclass(frozen=True)
class Wanted:
    """Datasets that somebody wants.

    :param recipe: makes them, and tells the crystal in which they are tried.
    :param shell: of the hole.
    :param files: a user's datasets: ``ground``, and ``half`` or ``full``.
    """

    recipe: Recipe
    shell: str
    files: Mapping[str, UpfData]

    @property
    def sizes(self) -> list[str]:
        """Sizes of the holes."""
        given = [size for size in ("half", "full") if size in self.files]
        return given if self.files else list(self.recipe.holes.get(self.shell, ()))

    def stored(self) -> orm.WorkChainNode | None:
        """Return the latest process that made these very datasets, of which all have passed."""
        from aiida import orm

        query = orm.QueryBuilder()
        query.append(
            orm.WorkChainNode,
            filters={"attributes.process_label": "CoreHolePseudosWorkChain", "attributes.exit_status": 0},
            tag="made",
            project="*",
        )
        query.append(
            orm.Dict,
            with_outgoing="made",
            edge_filters={"label": "recipe"},
            filters={"attributes.name": self.recipe.name},
        )
        candidates: list[orm.WorkChainNode] = query.order_by({"made": {"id": "desc"}}).all(flat=True)
        return next((node for node in candidates if self._is_made_by(node)), None)

    def _is_made_by(self, node: orm.WorkChainNode) -> bool:
        inputs = node.inputs
        if "ground" in inputs or self.files:
            return False
        told, known = self.recipe.to_mapping(), inputs.recipe.get_dict()
        return inputs.shell.value == self.shell and all(
            known.get(name) == value for name, value in told.items() if name not in _TEXTS
        )


def find(name: str, shell: str | None, files: Mapping[str, UpfData] | None = None) -> Wanted:
    """Return what a name means: a recipe, an element, or a YAML file with a recipe.

    :param name: such as 'O', 'Mg_n' or 'my_recipe.yaml'.
    :param shell: of the hole; by default 1s, or the only one for which the recipe is made.
    :param files: a user's datasets.
    :raises ValueError: when there is no such recipe, or it has no such hole.
    """
    from aiida_gbml.science.spectra.recipes import find_recipe, recipes

    files = files or {}
    if Path(name).suffix in (".yaml", ".yml"):
        recipe = _read_recipe(Path(name))
    else:
        named = recipes().get(name)
        fits = named is not None and (files or shell is None or shell in named.holes)
        recipe = named if named is not None and fits else find_recipe(name, shell or "1s")
    chosen = shell or (next(iter(recipe.holes)) if recipe.holes and "1s" not in recipe.holes else "1s")
    if not files and shell is not None and shell not in recipe.holes:
        have = ", ".join(recipe.holes) or "none"
        raise ValueError(f"the recipe {recipe.name} makes no hole in {shell}; it makes holes in: {have}")
    return Wanted(recipe, chosen, files)


def read_pair(ground: Path, holes: Sequence[Path]) -> dict[str, UpfData]:
    """Return a user's datasets by 'ground', 'half' and 'full', unstored.

    :raises ValueError: when a file cannot be read, or a hole is neither half nor full.
    """
    from aiida_gbml.data.core_hole_pair import HOLES
    from aiida_gbml.science.engines.upf import read_upf

    found = {"ground": read_dataset(ground)}
    valence = read_upf(found["ground"].get_content(mode="rb")).z_valence
    for path in holes:
        dataset = read_dataset(path)
        missing = read_upf(dataset.get_content(mode="rb")).z_valence - valence
        size = next((size for size, removed in HOLES.items() if abs(missing - removed) < 1e-6), None)
        if size is None or size in found:
            raise ValueError(
                f"'{path}' has {missing:g} valence electrons more than '{ground}': "
                f"{'expected 0.5 or 1' if size is None else 'there are two such files'}"
            )
        found[size] = dataset
    return found


def read_dataset(path: Path) -> UpfData:
    """Return the unstored node of a UPF file, that of the database when it is stored already.

    :raises ValueError: when it is no UPF file.
    """
    from aiida_pseudo.data.pseudo import UpfData

    from aiida_gbml.data.core_hole_upf import CoreHoleUpfData
    from aiida_gbml.science.engines.upf import read_upf

    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError(f"'{path}' has {path.stat().st_size} bytes, more than any pseudopotential")
    content = path.read_bytes()
    try:
        is_whole = read_upf(content).z_valence.is_integer()
    except ValueError as exception:
        raise ValueError(f"'{path}' cannot be used: {exception}") from exception
    kind = UpfData if is_whole else CoreHoleUpfData
    node: UpfData = kind.get_or_create(BytesIO(content), filename=path.name)
    return node


def describe(made: Mapping[str, orm.WorkChainNode]) -> str:
    """Return the verdicts on all datasets as a table, and below it what is wrong with them.

    :param made: the process of each recipe.
    """
    from tabulate import tabulate

    rows, problems = [], []
    for name, node in made.items():
        checks = node.outputs.checks if "checks" in node.outputs else {}
        for state, check in checks.items():
            pair = node.outputs.pairs[state] if state != "ground" else None
            rows.append(_row(name, state, check.get_dict(), pair))
            problems += [f"{name} {state}: {problem}" for problem in check["problems"]]
        if not node.is_finished_ok and not problems:
            problems.append(f"{name}: [{node.exit_status}] {node.exit_message or node.process_state}")
    table = tabulate(rows, headers="keys", disable_numparse=True)
    return "\n".join([table, *([""] if problems else []), *dict.fromkeys(problems)])


def describe_plan(wanted: Sequence[Wanted], reused: Mapping[str, orm.WorkChainNode]) -> str:
    """Return as a table what would be made, and what is there."""
    from tabulate import tabulate

    rows = [
        {
            "recipe": one.recipe.name,
            "hole": " ".join([one.shell, *one.sizes]) if one.sizes else "none",
            "crystal": f"{one.recipe.crystal.prototype} {one.recipe.crystal.lattice_constant:.3f} Å",
            "with": " ".join(one.recipe.crystal.partners),
            "cutoff (Ry)": f"{one.recipe.cutoff_wfc:g} {one.recipe.cutoff_rho:g}",
            "stored": str(reused[one.recipe.name].pk) if one.recipe.name in reused else "",
        }
        for one in wanted
    ]
    return tabulate(rows, headers="keys", disable_numparse=True)


def _row(name: str, state: str, check: Mapping[str, Any], pair: Any) -> dict[str, str]:
    """Return a line of the table of verdicts."""
    known = {} if pair is None else pair.base.attributes.all
    error = check["lattice_error"]
    lattice = "-" if error is None else f"{check['lattice_constant']:.4f} ({100 * error:+.2f} %)"
    return {
        "recipe": name,
        "dataset": state if pair is None else f"{state} {known['shell']}",
        "verdict": check["verdict"],
        "levels (mRy)": _number(check.get("level_error"), 1e3, 2),
        "log derivatives (rad)": _number(check.get("derivative_error"), 1.0, 4),
        "overlap": _number(check.get("overlap"), 1.0, 2),
        "lattice constant (Å)": lattice,
        "core term (eV)": _number(known.get("core_term"), 1.0, 3),
        "in the crystal (eV)": _number(check.get("relaxation"), 1.0, 2),
        "pk": "" if pair is None else str(pair.pk),
    }


def _number(value: float | None, factor: float, digits: int) -> str:
    return "-" if value is None else f"{factor * value:.{digits}f}"


def _read_recipe(path: Path) -> Recipe:
    """Return the recipe of a file."""
    import yaml

    from aiida_gbml.science.spectra.recipes import Recipe

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exception:
        raise ValueError(f"the recipe '{path}' cannot be read: {exception}") from exception
    return Recipe.from_mapping(content)
