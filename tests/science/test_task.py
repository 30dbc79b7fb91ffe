"""Tasks: files in, files out, and nothing believed that the manifest does not confirm."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.task import DamagedOutputError, NoOutputError, TaskFailedError, main, read_outputs


def reverse(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    if parameters.get("negative"):
        raise ValueError("the spacing must be positive,\ngot -1")
    return {name: content[::-1] * parameters["times"] for name, content in inputs.items()}


def prepare(folder: Path, parameters: dict[str, Any], **inputs: bytes) -> Path:
    (folder / "inputs").mkdir()
    for name, content in inputs.items():
        (folder / "inputs" / name).write_bytes(content)
    (folder / "parameters.json").write_text(json.dumps(parameters))
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_outputs_are_what_the_task_returns(tmp_path: Path) -> None:
    assert main(reverse, prepare(tmp_path, {"times": 2}, first=b"abc", second=b"\x00\xff")) == 0
    assert read_outputs(files_of(tmp_path), ["first", "second"]) == {"first": b"cbacba", "second": b"\xff\x00\xff\x00"}
    assert not list(tmp_path.rglob("*.partial"))


def test_a_task_without_inputs_needs_no_folder_for_them(tmp_path: Path) -> None:
    (tmp_path / "parameters.json").write_text("{}")
    assert main(lambda inputs, _: {"count": str(len(inputs)).encode()}, tmp_path) == 0
    assert read_outputs(files_of(tmp_path), ["count"]) == {"count": b"0"}


def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    assert main(reverse, prepare(tmp_path, {"negative": True})) == 1
    with pytest.raises(TaskFailedError, match=r"^the spacing must be positive, got -1$") as error:
        read_outputs(files_of(tmp_path), ["first"])
    assert error.value.kind == "refused"


def test_a_crash_is_told_from_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(reverse, prepare(tmp_path, {}, first=b"abc")) == 2
    with pytest.raises(TaskFailedError, match="KeyError: 'times'") as error:
        read_outputs(files_of(tmp_path), ["first"])
    assert error.value.kind == "crashed"
    assert "Traceback" in capsys.readouterr().err


def test_unreadable_parameters_are_refused(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    (tmp_path / "parameters.json").write_text('{"spacing": NaN}')
    assert main(reverse, tmp_path) == 1


def test_an_output_cannot_leave_its_folder(tmp_path: Path) -> None:
    (tmp_path / "parameters.json").write_text("{}")
    assert main(lambda *_: {"../outside": b"x"}, tmp_path) == 2
    assert not (tmp_path / "outside").exists()


def test_an_empty_folder_is_told_from_a_damaged_one() -> None:
    with pytest.raises(NoOutputError, match=r"neither 'manifest\.json' nor 'error\.json'"):
        read_outputs({}, ["first"])


def test_an_output_that_was_not_made_is_named(tmp_path: Path) -> None:
    main(reverse, prepare(tmp_path, {"times": 1}, first=b"abc"))
    with pytest.raises(DamagedOutputError, match="made no output 'second'"):
        read_outputs(files_of(tmp_path), ["first", "second"])


def test_an_output_that_was_not_copied_is_named(tmp_path: Path) -> None:
    main(reverse, prepare(tmp_path, {"times": 1}, first=b"abc"))
    (tmp_path / "outputs" / "first").unlink()
    with pytest.raises(DamagedOutputError, match="file of the output 'first' is missing"):
        read_outputs(files_of(tmp_path), ["first"])


def mutate(content: bytes, random: np.random.Generator) -> bytes:
    """Return other bytes: truncated, a bit flipped, a stretch removed, doubled, or in another encoding."""
    place = int(random.integers(len(content)))
    flipped = bytearray(content)
    flipped[place] ^= 1 << int(random.integers(8))
    choices = [content[:place], bytes(flipped), content[:place] + content[place + 7 :], content * 2]
    choices.append(content.decode("latin-1").encode("utf-16"))
    return choices[int(random.integers(len(choices)))]


def test_two_thousand_mutations_give_the_true_output_or_a_named_error(tmp_path: Path) -> None:
    main(reverse, prepare(tmp_path, {"times": 3}, first=bytes(range(256))))
    truth = files_of(tmp_path)
    expected = read_outputs(truth, ["first"])
    random = np.random.default_rng(2026)
    refused = 0
    for _ in range(2000):
        name = ["manifest.json", "outputs/first"][int(random.integers(2))]
        files = truth | {name: mutate(truth[name], random)}
        try:
            assert read_outputs(files, ["first"]) == expected
        except DamagedOutputError:
            refused += 1
    assert refused > 1900


def test_a_mutated_error_never_becomes_a_result(tmp_path: Path) -> None:
    main(reverse, prepare(tmp_path, {"negative": True}))
    truth = files_of(tmp_path)
    random = np.random.default_rng(2026)
    for _ in range(500):
        with pytest.raises((DamagedOutputError, TaskFailedError)):
            read_outputs(truth | {"error.json": mutate(truth["error.json"], random)}, ["first"])
