"""Files that are not there, and messages with what no database takes."""

from types import SimpleNamespace

import pytest
from aiida import orm

from aiida_gbml.calculations.ld1 import Ld1Calculation
from aiida_gbml.parsers.file_parser import FileParser


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_missing_file_and_a_folder_are_empty() -> None:
    folder = orm.FolderData()
    folder.base.repository.put_object_from_bytes(b"text", "here/a.out")
    job = SimpleNamespace(retrieved=folder)
    assert [FileParser._content(job, name) for name in ("here/a.out", "here", "b.out")] == [b"text", b"", b""]  # type: ignore[arg-type]


def test_a_message_holds_printable_text_only() -> None:
    job = SimpleNamespace(exit_codes=Ld1Calculation.exit_codes)
    code = FileParser._exit(job, "ERROR_LD1_STOPPED", reason="bad\x00 \x1bword")  # type: ignore[arg-type]
    assert code.status == Ld1Calculation.exit_codes.ERROR_LD1_STOPPED.status
    assert "bad? ?word" in code.message
