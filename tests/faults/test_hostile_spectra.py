"""Damaged and malicious files of spectra: every reader answers with a named error, follows no link, fills no memory."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra import hdf5
from aiida_gbml.science.spectra.dataset import SpectraFile, tables_from_rows, write_spectra
from aiida_gbml.science.spectra.formats import foreign_hdf5
from aiida_gbml.science.spectra.formats.csv import from_csv, to_csv
from aiida_gbml.science.spectra.formats.measured import read_measured
from aiida_gbml.science.spectra.formats.msa import from_msa, to_msa
from aiida_gbml.science.spectra.formats.nxxas import read_nxxas
from aiida_gbml.science.spectra.formats.qm9 import SiteLines, read_qm9, write_qm9
from aiida_gbml.science.spectra.formats.spectrum import FormatError, MeasuredSpectrum
from aiida_gbml.science.spectra.formats.xdi import from_xdi, to_xdi
from aiida_gbml.science.spectra.table import SpectraError

GIBIBYTE = 2**30
MUTATIONS = 600
OF_THE_LIBRARY = 200
ENERGY = np.arange(284.0, 294.0, 0.1)
INTENSITY = 1 / (1 + np.exp(-(ENERGY - 288)))
SPECTRUM = MeasuredSpectrum(ENERGY, INTENSITY, {"element": "C", "edge": "K", "beam_energy": 200.0, "title": "soot"})
ROW = {"element": "C", "edge": "K", "energy": ENERGY, "intensity": INTENSITY}
ROW |= {"site": 0, "structure_uuid": "a" * 36, "treatment": "full"}


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Leave this interpreter one GiB more than it has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + GIBIBYTE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(params=["earliest", "v110"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return a good database of two edges, in the format that is written and in the first one, without checksums."""
    monkeypatch.setattr(hdf5, "_VERSION", (request.param, "v110"))
    return good_database()


def good_database() -> bytes:
    """Return a good database of two edges."""
    rows = [ROW, {**ROW, "element": "Si", "edge": "L23", "is_bulk_reference": True}]
    stream = io.BytesIO()
    write_spectra(stream, tables_from_rows([*rows, {"element": "C", "edge": "K", "reason": "lost"}], 0.1))
    return stream.getvalue()


def read_all(content: bytes) -> None:
    """Read all that a database offers."""
    with SpectraFile(io.BytesIO(content)) as spectra:
        for key in spectra.keys:
            spectra.table(key)
            spectra.rows(key, [0])
            spectra.weighted(key)


def is_read(content: bytes) -> bool:
    """Return whether a database is read; anything but the named error comes through."""
    with suppress(SpectraError):
        read_all(content)
        return True
    return False


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    """Return content with some bytes changed, cut out, repeated or the end missing."""
    changed = bytearray(content)
    for _ in range(generator.integers(1, 6)):
        at, length = int(generator.integers(len(changed))), int(generator.integers(1, 20))
        kind = generator.integers(5)
        if kind == 0:
            changed[at] = int(generator.integers(256))
        elif kind == 1:
            changed[at : at + 8] = generator.choice(np.frombuffer(b"\0\xff\x01", "u1"), 8).tobytes()[
                : len(changed) - at
            ]
        elif kind == 2:
            del changed[at : at + length]
        elif kind == 3:
            changed[at:at] = changed[at : at + length]
        elif generator.random() < 0.2:
            del changed[at:]
        changed = changed or bytearray(1)
    return bytes(changed)


def replaced_words(content: bytes, generator: np.random.Generator) -> bytes:
    """Return a text with one word replaced by one that hurts, besides other mutations."""
    words = [
        "nan",
        "inf",
        "-1e999",
        "1e308",
        "9" * 400,
        "",
        "#",
        ":",
        "\0",
        "Column.1: energy",
        "#SPECTRUM",
        "²",
        "1e-400",
    ]
    parts = content.decode().split(" ")
    parts[generator.integers(len(parts))] = str(generator.choice(words))
    text = " ".join(parts).encode()
    return text if generator.random() < 0.5 else mutated(text, generator)


TEXTS: list[tuple[Callable[[str], MeasuredSpectrum], str]] = [
    (from_msa, to_msa(SPECTRUM)),
    (from_xdi, to_xdi(SPECTRUM)),
    (from_csv, to_csv(SPECTRUM)),
]


@pytest.mark.parametrize(("read", "text"), TEXTS, ids=["msa", "xdi", "csv"])
def test_mutated_texts_are_read_or_refused(read: Callable[[str], MeasuredSpectrum], text: str) -> None:
    generator, outcomes = np.random.default_rng(1), Counter[str]()
    for _ in range(MUTATIONS):
        content = replaced_words(text.encode(), generator).decode("latin-1")
        try:
            spectrum = read(content)
        except FormatError:
            outcomes["refused"] += 1
        else:
            assert np.all(np.isfinite(spectrum.energy))
            assert np.all(np.isfinite(spectrum.intensity))
            outcomes["read"] += 1
    assert min(outcomes.values()) > 20


@pytest.mark.parametrize(("read", "text"), TEXTS, ids=["msa", "xdi", "csv"])
@pytest.mark.parametrize("bomb", ["#" + " " * 200_000, "# " + "a." * 100_000, "1 " * 200_000, "\n" * 200_000 + "x"])
@pytest.mark.timeout(20)
def test_no_text_takes_the_time_of_its_square(read: Callable[[str], MeasuredSpectrum], text: str, bomb: str) -> None:
    first, _, rest = text.partition("\n")
    with suppress(FormatError):
        read(f"{first}\n{bomb}\n{rest}")


def test_mutated_databases_are_read_or_refused(database: bytes) -> None:
    generator, outcomes = np.random.default_rng(2), Counter[bool]()
    for _ in range(MUTATIONS):
        outcomes[is_read(mutated(database, generator))] += 1
    assert min(outcomes.values()) > 20


def test_mutated_headers_are_read_or_refused(database: bytes) -> None:
    generator, outcomes = np.random.default_rng(3), Counter[bool]()
    headers = np.flatnonzero([any(database[max(at - 8, 0) : at + 8]) for at in range(len(database))])
    for _ in range(MUTATIONS // 2):
        changed = bytearray(database)
        for at in generator.choice(headers, generator.integers(1, 4)):
            changed[at] = int(generator.choice(np.array([0, 1, 2, 3, 255, generator.integers(256)])))
        outcomes[is_read(bytes(changed))] += 1
    assert min(outcomes.values()) > 20


def test_a_database_cut_anywhere_is_refused(database: bytes) -> None:
    for end in range(0, len(database), 97):
        with pytest.raises(SpectraError, match="not a readable database"):
            SpectraFile(io.BytesIO(database[:end]))


def test_a_node_with_a_damaged_database_is_not_stored(aiida_profile: object) -> None:
    with pytest.raises(SpectraError):
        SpectraDatasetData.from_content(good_database()[:500])
    node = SpectraDatasetData()
    with pytest.raises(ValidationError, match=r"holds no 'spectra\.h5'"):
        node.store()
    node.base.repository.put_object_from_bytes(good_database()[:-10], "spectra.h5")
    with pytest.raises(ValidationError, match="SpectraDatasetData"):
        node.store()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a file that no reader may open."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["energy"], file["intensity"] = ENERGY, INTENSITY
    (tmp_path / "secret.bin").write_bytes(INTENSITY.tobytes())
    return path


def external_link(entry: h5py.Group, secret: Path) -> None:
    entry["intensity"] = h5py.ExternalLink(str(secret), "/intensity")


def soft_link(entry: h5py.Group, secret: Path) -> None:
    entry["intensity"] = h5py.SoftLink(f"{entry.name}/energy")


def external_storage(entry: h5py.Group, secret: Path) -> None:
    storage = [(str(secret.with_suffix(".bin")), 0, INTENSITY.nbytes)]
    entry.create_dataset("intensity", INTENSITY.shape, "f8", external=storage)


def virtual_storage(entry: h5py.Group, secret: Path) -> None:
    layout = h5py.VirtualLayout(INTENSITY.shape, "f8")
    layout[:] = h5py.VirtualSource(str(secret), "intensity", INTENSITY.shape)
    entry.create_virtual_dataset("intensity", layout)


def huge_shape(entry: h5py.Group, secret: Path) -> None:
    entry.create_dataset("intensity", (2**24, 2**24), "f8", chunks=(64, 64), compression="gzip")


def huge_and_nowhere(entry: h5py.Group, secret: Path) -> None:
    entry.create_dataset("intensity", (2**24, 2**24), "f8")


def compound(entry: h5py.Group, secret: Path) -> None:
    entry.create_dataset("intensity", data=np.zeros(3, dtype=[("a", "f8"), ("b", "i4")]))


TRICKS = [external_link, soft_link, external_storage, virtual_storage, huge_shape, huge_and_nowhere, compound]


@pytest.mark.parametrize("version", ["earliest", "latest"])
@pytest.mark.parametrize("trick", TRICKS)
def test_what_lies_elsewhere_is_not_read(
    trick: Callable[[h5py.Group, Path], None], version: str, secret: Path, tmp_path: Path
) -> None:
    path = tmp_path / "trick.h5"
    with h5py.File(path, "w", libver=version) as file:
        entry = file.create_group("entry_C_K")
        entry["definition"], entry["energy"], entry["element"], entry["edge"] = "NXxas", ENERGY, "C", "K"
        trick(entry, secret)
    with pytest.raises(FormatError, match=r"intensity|larger than"):
        read_nxxas(path)
    with pytest.raises(FormatError, match=r"^trick\.h5: "):
        read_measured(path)
    with pytest.raises(SpectraError), SpectraFile(path) as spectra:
        spectra.rows("C_K")


@pytest.mark.parametrize("link", ["soft", "external"])
def test_an_entry_that_lies_elsewhere_is_not_read(link: str, tmp_path: Path) -> None:
    path = tmp_path / "trick.h5"
    write_spectra(tmp_path / "good.h5", tables_from_rows([ROW], 0.1))
    with h5py.File(path, "w") as file:
        file.create_group("other")
        target = (
            h5py.SoftLink("/other") if link == "soft" else h5py.ExternalLink(str(tmp_path / "good.h5"), "entry_C_K")
        )
        file["entry_C_K"] = target
    with pytest.raises(SpectraError, match="'entry_C_K' is a link"):
        SpectraFile(path)
    with pytest.raises(FormatError, match="'entry_C_K' is a link"):
        read_nxxas(path)


def test_a_library_that_dies_is_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deadly.h5"
    path.write_bytes(b"anything")
    monkeypatch.setattr(foreign_hdf5, "_CHILD", "import os; os.abort()")
    with pytest.raises(FormatError, match=r"library failed on it .* damaged or hostile"):
        read_qm9(path)
    monkeypatch.setattr(foreign_hdf5, "_CHILD", "import time; time.sleep(60)")
    monkeypatch.setattr(foreign_hdf5, "MOST_SECONDS", 1)
    with pytest.raises(FormatError, match="longer than 1 s"):
        read_qm9(path)


FUZZ = """
import os, resource, sys
from pathlib import Path
import h5py
from aiida_gbml.science.spectra.formats.foreign_hdf5 import main
folder, layout, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        os._exit(main(layout, str(folder / f"{number}.h5"), str(folder / f"{number}.npz")))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("layout", ["nxxas", "qm9"])
def test_mutated_foreign_files_end_in_their_own_process(layout: str, tmp_path: Path) -> None:
    good = tmp_path / "good.h5"
    if layout == "qm9":
        write_qm9(good, [SiteLines("1", "0", np.arange(8.0), np.ones((8, 3)), 9, 2, 290.0)])
    else:
        with h5py.File(good, "w") as file:
            entry = file.create_group("scan")
            entry["definition"], entry["element"], entry["edge"] = "NXxas", "C", "K"
            entry["energy"], entry["intensity"] = ENERGY, INTENSITY
    generator = np.random.default_rng(4)
    for number in range(OF_THE_LIBRARY):
        (tmp_path / f"{number}.h5").write_bytes(mutated(good.read_bytes(), generator))
    command = [sys.executable, "-c", FUZZ, str(tmp_path), layout, str(OF_THE_LIBRARY)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    codes = Counter(int(line) for line in done.stdout.split())
    assert sum(codes.values()) == OF_THE_LIBRARY
    assert codes[1] == 0, done.stderr[-2000:]  # no exception of ours went uncaught
    assert codes[0] > 0
    assert codes[2] > 0
