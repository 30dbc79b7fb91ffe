"""The environment task, run as a worker runs it."""

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from aiida_gbml.science.environment import run
from aiida_gbml.science.strict_json import read_json
from aiida_gbml.science.task import read_outputs


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    (tmp_path / "parameters.json").write_text('{"distributions": ["numpy", "no-such-thing"]}')
    subprocess.run([sys.executable, "-m", "aiida_gbml.science.environment"], cwd=tmp_path, check=True)
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    environment = read_json(read_outputs(files, ["environment"])["environment"])
    assert environment["python"] == platform.python_version()
    assert environment["versions"] == {"numpy": metadata.version("numpy"), "no-such-thing": None}


def test_names_must_be_a_list() -> None:
    with pytest.raises(ValueError, match="'distributions' must be a list of names, got 'numpy'"):
        run({}, {"distributions": "numpy"})
