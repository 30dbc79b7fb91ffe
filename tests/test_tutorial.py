"""The pages of the documentation that hold a program: it runs, and finds what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
CELL = re.compile(r"^```\{code-cell\} python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, lmp: Path) -> dict[str, str]:
    """Return the environment of a user who has just run `aiida-gbml setup` on a fresh machine."""
    fresh = {**os.environ, "AIIDA_PATH": str(tmp_path_factory.mktemp("profile")), "OMP_NUM_THREADS": "1"}
    command = Path(sys.executable).with_name("aiida-gbml")
    subprocess.run([command, "setup"], env=fresh, check=True, capture_output=True, timeout=120)
    return fresh


@pytest.mark.lammps
@pytest.mark.parametrize("page", ["tutorials/copper.md", "howto/engine.md"])
def test_page_runs(page: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The cells of a page run one after the other; the assertions in them hold."""
    cells = CELL.findall((DOCS / page).read_text(encoding="utf-8"))
    assert cells
    (tmp_path / "page.py").write_text("\n".join(cells), encoding="utf-8")
    command = [sys.executable, "page.py"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=500
    )
    assert run.returncode == 0, run.stderr[-2000:]
