"""Archives made to do harm: every data class answers with a named error, runs nothing and fills no memory."""

from __future__ import annotations

import copy
import io
import os
import pickle
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida.common.exceptions import ValidationError
from ase.build import bulk

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.model import ModelData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.archive import read_arrays
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.learning.model_file import ModelFile
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

CLASSES = [CandidateSetData, ModelData, ObservationsData, StructureSetData]
GIBIBYTE = 2**30


class Trap:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the path that code in an archive would make; the test fails when anything was made."""
    work = tmp_path / "a" / "b"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    yield tmp_path / "caught"
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["a", "a/b"]


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Leave this interpreter one GiB more than it has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + GIBIBYTE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def npy(array: Any, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=allow_pickle)
    return buffer.getvalue()


def npy_header(shape: tuple[int, ...], dtype: str) -> bytes:
    """Return an array file that promises more than it has."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue() + bytes(64)


def good(kind: type[ArchiveData]) -> bytes:
    """Return an archive that a class reads."""
    if kind is StructureSetData:
        return StructureSet.from_ase([bulk("Cu")]).to_bytes()
    if kind is ObservationsData:
        return Observations.empty().to_bytes()
    if kind is ModelData:
        return ModelFile("none", {}).to_bytes()
    one, group = np.ones(1, dtype=np.int64), TranslationGroup.of_lattice(np.eye(2))
    return CandidateSet(np.zeros((1, 2)), np.zeros(1), one, one, one, group=group, n_before=1).to_bytes()


def with_members(kind: type[ArchiveData], members: dict[str, bytes]) -> bytes:
    """Return the good archive of a class with members added or replaced."""
    return archive({**{f"{name}.npy": npy(array) for name, array in read_arrays(good(kind)).items()}, **members})


def own_names(kind: type[ArchiveData]) -> list[str]:
    return [f"{name}.npy" for name in read_arrays(good(kind))]


def refuse(kind: type[ArchiveData], content: bytes) -> str:
    """Return the message with which a class refuses an archive, also as the content of a node to be stored."""
    with pytest.raises(ValueError, match=r".") as refused:
        kind.from_content(content)
    node = kind()
    node.base.repository.put_object_from_bytes(content, kind.FILENAME)
    with pytest.raises(ValidationError, match=kind.__name__):
        node.store()
    assert not node.is_stored
    return str(refused.value)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_archives_to_be_spoilt_are_good(kind: type[ArchiveData]) -> None:
    assert kind.from_content(with_members(kind, {})).content == good(kind)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_pickle_is_not_loaded(kind: type[ArchiveData], trap: Path) -> None:
    object_array = np.empty(1, dtype=object)
    object_array[0] = Trap(trap)
    pickled = npy(object_array, allow_pickle=True)
    for name in [*own_names(kind), "other.npy", "column.other.npy"]:
        assert "not a readable array archive" in refuse(kind, with_members(kind, {name: pickled}))
    assert "not a readable array archive" in refuse(kind, pickled)
    assert "not a readable array archive" in refuse(kind, pickle.dumps(Trap(trap)))


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", ["../../caught.npy", "..\\..\\caught.npy", "column.../../caught.npy"])
def test_a_name_that_climbs_out_of_the_folder_makes_no_file(kind: type[ArchiveData], trap: Path, name: str) -> None:
    content = with_members(kind, {name: npy([1.0])})
    try:
        node = kind.from_content(content).store()
    except ValueError:
        return
    assert node.base.repository.list_object_names() == [kind.FILENAME]


@pytest.mark.parametrize("kind", CLASSES)
def test_what_grows_when_it_is_read_is_refused(kind: type[ArchiveData], little_memory: None) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file, file.open("x.npy", "w") as member:
        member.write(npy_header((GIBIBYTE,), "|u1"))
        for _ in range(64):
            member.write(bytes(GIBIBYTE // 64))
    assert len(buffer.getvalue()) < GIBIBYTE // 500
    assert "compressed" in refuse(kind, buffer.getvalue())


@pytest.mark.parametrize("kind", CLASSES)
def test_members_that_share_their_bytes_are_refused(kind: type[ArchiveData], little_memory: None) -> None:
    """A directory that lists 4 MiB under 500 names promises 2 GiB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("x.npy", npy(np.zeros(2**19)))
        file.filelist += [copy.copy(file.filelist[0]) for _ in range(499)]
        for index, member in enumerate(file.filelist):
            member.filename = f"{index}.npy"
    assert "more bytes than" in refuse(kind, buffer.getvalue())


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("shape", [(10 * GIBIBYTE,), (2**62,), (2**40, 2**40), (-1,)])
def test_a_header_that_promises_too_much_is_refused(
    kind: type[ArchiveData], shape: tuple[int, ...], little_memory: None
) -> None:
    hostile = {name: npy_header(shape, "<f8") for name in [*own_names(kind), "column.other.npy"]}
    for name, member in hostile.items():
        assert "not a readable array archive" in refuse(kind, with_members(kind, {name: member}))


@pytest.mark.parametrize("kind", CLASSES)
def test_a_billion_empty_texts_are_refused(kind: type[ArchiveData], little_memory: None) -> None:
    """They take no byte, and a list of them takes eight gigabytes."""
    for name in own_names(kind):
        refuse(kind, with_members(kind, {name: npy_header((GIBIBYTE,), "<U0")}))
