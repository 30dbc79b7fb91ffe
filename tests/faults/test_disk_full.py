"""A disk that is full while a set of structures is stored: a clean error, nothing half stored, nothing damaged."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.manage import get_manager
from aiida.manage.configuration import Profile
from aiida.manage.configuration.config import Config
from ase.build import bulk
from sqlalchemy.exc import OperationalError

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

MEBIBYTE = 2**20


def random_set(n_structures: int, seed: int) -> StructureSetData:
    """Return structures of 64 atoms in random places, which compression does not make smaller."""
    rng = np.random.default_rng(seed)
    atoms = [bulk("Cu", cubic=True).repeat((2, 2, 4)) for _ in range(n_structures)]
    for one in atoms:
        one.positions += rng.normal(size=one.positions.shape)
    return StructureSetData(StructureSet.from_ase(atoms))


def assert_only(uuids: list[str], profile: Profile) -> None:
    """Check that the database and the repository are whole and hold what was stored before, and nothing else."""
    storage = Path(profile.storage_config["filepath"])
    with sqlite3.connect(storage / "database.sqlite") as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
    get_manager().reset_profile()  # nothing of what follows comes from the memory of this interpreter
    query = orm.QueryBuilder().append(StructureSetData, project=["uuid", "*"]).all()
    assert sorted(uuid for uuid, _ in query) == sorted(uuids)
    keys = {node.base.repository.metadata["o"][node.FILENAME]["k"] for _, node in query}
    assert all(len(node.structures) == len(node) for _, node in query)
    assert keys <= set(get_manager().get_profile_storage().get_repository().list_objects())


@pytest.fixture
def small_disk(tmp_path: Path, aiida_config: Config, aiida_profile_factory: Any) -> Iterator[tuple[Path, Profile]]:
    """Return the folder of a disk of 24 MiB and a loaded profile on it."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", tmp_path], check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        config = {"filepath": str(tmp_path / "storage")}
        with aiida_profile_factory(aiida_config, storage_config=config) as profile:
            yield tmp_path, profile
            get_manager().reset_profile()
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def fill(folder: Path, n_free: int) -> Path:
    """Leave so many bytes on a disk, and return the file that takes the others."""
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(folder).free - n_free))
    return ballast


@pytest.mark.parametrize("n_free", [0, 32 * 1024, MEBIBYTE, 2 * MEBIBYTE + 8 * 1024])
def test_a_full_disk(small_disk: tuple[Path, Profile], n_free: int) -> None:
    """The set takes 2 MiB in the repository: the disk is full before, at its beginning, in it, and at the database."""
    folder, profile = small_disk
    first = random_set(3, seed=1).store().uuid
    ballast = fill(folder, n_free)
    wanted = random_set(1300, seed=2)
    with pytest.raises((OSError, OperationalError), match=r"No space left|disk is full|disk I/O"):
        wanted.store()
    ballast.unlink()
    assert_only([first], profile)
    again = random_set(1300, seed=2).store().uuid
    assert_only([first, again], profile)


@pytest.fixture
def file_limit() -> Iterator[Callable[[int], None]]:
    """Return a function that limits the size of every file that this interpreter writes, as a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_quota(aiida_profile_clean: Profile, file_limit: Callable[[int], None]) -> None:
    first = random_set(3, seed=1).store().uuid
    wanted = random_set(1300, seed=2)
    file_limit(MEBIBYTE)
    with pytest.raises(OSError, match="File too large"):
        wanted.store()
    file_limit(resource.RLIM_INFINITY)
    assert_only([first], aiida_profile_clean)
    again = random_set(1300, seed=2).store().uuid
    assert_only([first, again], aiida_profile_clean)
