"""The pages of the documentation that hold a program: it runs, and finds what the page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
CELL = re.compile(r"^```\{code-cell\} python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.timeout(2400)  # s: a spectrum on a machine that does other things as well


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a user who has just run `aiida-gbml setup` on a fresh machine."""
    commands = Path(sys.executable).parent
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    folder = tmp_path_factory.mktemp("profile")
    fresh = {**os.environ, "AIIDA_PATH": str(folder), "OMP_NUM_THREADS": "1", "PATH": path}
    subprocess.run([commands / "aiida-gbml", "setup"], env=fresh, check=True, capture_output=True)
    return fresh


@pytest.mark.lammps
@pytest.mark.usefixtures("lmp")
@pytest.mark.parametrize("page", ["tutorials/copper.md", "howto/engine.md"])
def test_page_runs(page: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The cells of a page run one after the other; the assertions in them hold."""
    _run(page, environment, tmp_path)


@pytest.mark.quantum_espresso
@pytest.mark.usefixtures("pw_x", "ld1_x", "xspectra_x")
def test_spectra_page_runs(environment: dict[str, str], tmp_path: Path) -> None:
    """A new user gets the spectra of MgO with and without a core hole."""
    _run("tutorials/magnesium_oxide.md", environment, tmp_path)
    assert len([*tmp_path.glob("spectra_*_treatments.png")]) == 1


def test_oxides_page_runs(environment: dict[str, str], tmp_path: Path) -> None:
    """A new user gets a ranked and explained list of oxides, and a file of it."""
    shutil.copytree(DOCS.parent / "examples", tmp_path / "examples")
    _run("tutorials/oxides.md", environment, tmp_path)
    assert len([*tmp_path.glob("ranking_*_factors.png")]) == 1
    assert (tmp_path / "oxides.csv").read_text(encoding="utf-8").count("\n") == 1001


def _run(page: str, environment: dict[str, str], folder: Path) -> None:
    """Run the cells of a page as one program."""
    cells = CELL.findall((DOCS / page).read_text(encoding="utf-8"))
    assert cells
    program = "\n".join(["import subprocess", "from pathlib import Path", *map(_plain, cells)])
    (folder / "page.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "page.py"]
    run = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert run.returncode == 0, (run.stdout + run.stderr)[-4000:]


def _plain(cell: str) -> str:
    """Return a cell as Python: notebooks also have cells for the shell, cells that become files, and hidden ones."""
    magic, _, body = cell.partition("\n")
    if magic.startswith(":tags:"):
        return ""
    if magic == "%%shell":
        return f"subprocess.run(['bash', '-c', {body!r}], check=True)"
    if magic.startswith("%%writefile "):
        return f"Path({magic.split()[1]!r}).write_text({body!r}, encoding='utf-8')"
    return cell
