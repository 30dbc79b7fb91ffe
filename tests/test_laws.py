"""The laws of the project, as far as they can be read off the source and the registered entry points."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import aiida_quantumespresso.workflows.pw.base as pw_base
import numpy as np
import pytest
from aiida import orm
from aiida.engine import BaseRestartWorkChain, CalcJob, Process, WorkChain
from aiida.parsers import Parser
from laws import strangers

import aiida_gbml
from aiida_gbml.science.structure_set import StructureSet

PACKAGE = Path(aiida_gbml.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
HEAVY = {"torch", "gpytorch", "sklearn", "pymatgen"}
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 80

UNIT = re.compile(r"Å|J/m²|°|\b(eV|Ry|degrees|dimensionless|number|fraction|index)\b", re.IGNORECASE)
PLUMBING = {"metadata", "monitors", "remote_folder", "remote_stash", "retrieved"}


def registered(group: str) -> list[EntryPoint]:
    """Return our entry points of a group."""
    return [entry for entry in entry_points(group=group) if entry.name.startswith("gbml.")]


def process_of(loaded: Any) -> type[Process]:
    """Return the process class of an entry point: the class itself, or the one behind a function."""
    return loaded.process_class if inspect.isfunction(loaded) else loaded  # type: ignore[attr-defined, no-any-return]


FUNCTIONS = [entry for entry in registered("aiida.calculations") if inspect.isfunction(entry.load())]
PROCESSES = [
    pytest.param(process_of(entry.load()), id=entry.name)
    for group in ("aiida.calculations", "aiida.workflows")
    for entry in registered(group)
]
WORK_CHAINS = [parameter for parameter in PROCESSES if issubclass(parameter.values[0], WorkChain)]
JOBS = [parameter for parameter in PROCESSES if issubclass(parameter.values[0], CalcJob)]
PARSERS = [pytest.param(entry.load(), id=entry.name) for entry in registered("aiida.parsers")]


def ports(namespace: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the ports of a namespace that take values, without those that AiiDA gives to every process."""
    for name, port in namespace.items():
        if name in PLUMBING:
            continue
        if hasattr(port, "items"):
            yield from ports(port, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", port


FOREIGN = {
    (name.rpartition(".")[2], port.help)
    for process in (BaseRestartWorkChain, pw_base.PwBaseWorkChain)
    for namespace in (process.spec().inputs, process.spec().outputs)
    for name, port in ports(namespace)
}
"""Ports that our work chains pass on from other packages are documented there."""


def is_number(port: Any) -> bool:
    """Return whether a port takes a number."""
    types = port.valid_type if isinstance(port.valid_type, tuple) else (port.valid_type,)
    return any(inspect.isclass(kind) and issubclass(kind, orm.Int | orm.Float) for kind in types)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_port_has_a_help_text_and_numbers_a_unit(process: type[Process]) -> None:
    spec = process.spec()
    for name, port in (*ports(spec.inputs), *ports(spec.outputs)):
        if (name.rpartition(".")[2], port.help) in FOREIGN:
            continue
        assert port.help, f"{name} has no help text"
        if is_number(port):
            assert UNIT.search(port.help), f"{name} does not say its unit: {port.help}"


def steps(outline: Any) -> Iterator[str]:
    """Yield the names of the steps and conditions of a described outline, such as ``['setup(Begin.)', {...}]``."""
    if isinstance(outline, str):
        yield outline.partition("(")[0]
    elif isinstance(outline, Mapping):
        for condition, branch in outline.items():
            yield condition.partition("(")[2].rstrip(")")
            yield from steps(branch)
    else:
        for step in outline:
            yield from steps(step)


@pytest.mark.parametrize("chain", WORK_CHAINS)
def test_no_step_shadows_a_method_of_the_engine(chain: type[WorkChain]) -> None:
    names = set(steps(chain.spec().get_outline().get_description()))
    assert len(names) > 1
    assert all(hasattr(chain, name) for name in names if name)
    assert not names & set(dir(WorkChain))


@pytest.mark.parametrize("component", [*JOBS, *PARSERS])
def test_jobs_and_parsers_have_a_cache_version(component: type[CalcJob] | type[Parser]) -> None:
    assert isinstance(vars(component).get("CACHE_VERSION"), int)


@pytest.mark.parametrize("process", PROCESSES)
def test_exit_codes_are_in_their_ranges_and_explain_themselves(process: type[Process]) -> None:
    codes = process.spec().exit_codes
    for parent in process.__mro__[1:]:
        if issubclass(parent, Process) and not parent.__module__.startswith("aiida_gbml."):
            codes = {label: code for label, code in codes.items() if label not in parent.spec().exit_codes}
    for label, code in codes.items():
        assert 200 <= code.status < 600, f"{label} = {code.status}"
        assert len(code.message.split()) > 3, f"{label} does not say what failed: '{code.message}'"
    repeated = [status for status, count in Counter(code.status for code in codes.values()).items() if count > 1]
    assert not repeated


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda entry: entry.name)
def test_calcfunctions_are_named_verb_noun_like_their_module(entry: EntryPoint) -> None:
    name = entry.name.removeprefix("gbml.")
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name)
    assert entry.value == f"aiida_gbml.calculations.{name}:{name}"


def test_every_calcfunction_is_registered() -> None:
    found = {
        node.name
        for path in MODULES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef)
        and any(getattr(getattr(mark, "func", mark), "id", "") == "calcfunction" for mark in node.decorator_list)
    }
    assert found == {entry.name.removeprefix("gbml.") for entry in FUNCTIONS}


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.Module) -> set[str]:
    """Return the names of all imported modules, wherever in a module they are imported."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def imported_at_once(tree: ast.Module) -> set[str]:
    """Return the names of the modules that are imported when a module is."""
    return imported(ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], []))


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls of a module with the text of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_stored_can_run_code_and_nothing_is_random(path: Path) -> None:
    tree = parsed(path)
    modules = {name.split(".")[0] for name in imported(tree)}
    assert not modules & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "random"}
    for name, call in calls(tree):
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert name not in {"torch.load", "torch.save", "yaml.load", "yaml.unsafe_load", "eval", "exec", "os.system"}
        assert keywords.get("allow_pickle", "False") == "False", f"line {call.lineno}"
        assert keywords.get("shell", "False") == "False", f"line {call.lineno}"
        assert not re.match(r"(np|numpy)\.random\.(?!default_rng|Generator|SeedSequence)", name), f"line {call.lineno}"
        assert not (name.endswith("default_rng") and not call.args), f"line {call.lineno} draws without a seed"
        if name.endswith("load_profile"):
            assert path.is_relative_to(PACKAGE / "cli"), f"line {call.lineno}: only the command line loads profiles"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_and_functions_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_LINES_OF_A_FUNCTION, node.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_has_its_test_file(path: Path) -> None:
    module = path.relative_to(PACKAGE)
    test = TESTS / module.with_name(f"test_{module.name}")
    assert test.exists(), f"{test} is missing"


def test_every_test_file_has_its_module() -> None:
    others = {"benchmarks", "docs", "engines", "faults", "peers"}
    for path in TESTS.rglob("test_*.py"):
        test = path.relative_to(TESTS)
        if test.parts[0] not in others and len(test.parts) > 1:
            assert (PACKAGE / test.with_name(test.name.removeprefix("test_"))).exists(), test


@pytest.mark.parametrize("room", ["data", "parsers", "calculations", "workflows", "cli"])
def test_importing_what_the_daemon_loads_imports_nothing_heavy(room: str, tmp_path: Path) -> None:
    modules = [path for path in MODULES if path.is_relative_to(PACKAGE / room)]
    for path in modules:
        assert not {name.split(".")[0] for name in imported_at_once(parsed(path))} & HEAVY, path
    names = [".".join(("aiida_gbml", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in modules]
    # The base classes of our pw.x work chains and of the xspectra.x job import pymatgen themselves.
    heavy = sorted(HEAVY - {"pymatgen"} if room in {"workflows", "calculations"} else HEAVY)
    code = f"import sys, {', '.join(names)}; print(set({heavy}) & set(sys.modules))"
    environment = os.environ | {"AIIDA_PATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_big_set_keeps_its_attributes_small(aiida_profile_clean: Any) -> None:
    from ase import Atoms

    from aiida_gbml.data.structure_set import StructureSetData

    one = Atoms("Cu4", positions=[(0, 0, 0), (0, 1.8, 1.8), (1.8, 0, 1.8), (1.8, 1.8, 0)], cell=[3.6] * 3, pbc=True)
    node = StructureSetData(StructureSet.from_ase([one] * 2000)).store()
    assert len(node) == 2000  # the watch of `laws.py` has measured the attributes


def test_the_watch_sees_what_does_not_belong_into_a_context(aiida_profile_clean: Any) -> None:
    plain = {"count": 1, "best": None, "rows": [1.5, "a", (True,)], "inputs": {"node": orm.Int(1).store()}}
    assert not strangers(plain)
    for stranger in (np.float64(1), np.zeros(2), {1, 2}, Path(), orm.Int(1), str):
        (found,) = strangers({**plain, "inner": [{"deep": stranger}]})
        assert found.startswith("ctx.inner[0].deep holds")
