"""Tasks: how a worker on any computer turns files into files, without AiiDA.

A task is a module with a function ``run(inputs, parameters) -> outputs`` and the line ``sys.exit(main(run))`` under its
``__main__`` guard. In its working directory it finds

- ``parameters.json``: a JSON object of finite numbers,
- ``inputs/<name>``: the bytes of each input,

and leaves behind either

- ``outputs/<name>`` and, written last, ``manifest.json`` with the length and SHA-256 of each output, or
- ``error.json`` with one sentence that says why there is no output.

Whoever reads the folder trusts only what the manifest confirms, so that a truncated copy is never taken for a result.
"""

import hashlib
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from aiida_gbml.science.strict_json import StrictJsonError, read_json, write_json

Run = Callable[[Mapping[str, bytes], dict[str, Any]], Mapping[str, bytes]]

PARAMETERS, MANIFEST, ERROR = "parameters.json", "manifest.json", "error.json"
INPUTS, OUTPUTS = "inputs", "outputs"
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

_FORMAT = 1
_LONGEST_REASON = 1000


class DamagedOutputError(ValueError):
    """The files of a task are not what the task wrote."""


class NoOutputError(DamagedOutputError):
    """The task left nothing behind: it never started, or was killed."""


class TaskFailedError(ValueError):
    """The task ended without outputs and says why.

    :param kind: 'refused' when the task could not accept its input, 'crashed' for any other error.
    """

    def __init__(self, kind: Literal["refused", "crashed"], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def main(run: Run, folder: Path = Path()) -> int:
    """Run a task in a folder and return its exit status: 0 finished, 1 refused its input, 2 crashed.

    :param run: receives the bytes of each input and the parameters; returns the bytes of each output. A ``ValueError``
        says in one sentence what is wrong with the input.
    :param folder: working directory.
    """
    try:
        inputs = {path.name: path.read_bytes() for path in sorted((folder / INPUTS).glob("*"))}
        outputs = run(inputs, read_json((folder / PARAMETERS).read_bytes()))
        _write_outputs(folder, outputs)
    except ValueError as exception:
        return _fail(folder, "refused", str(exception), status=1)
    except Exception as exception:  # whatever it is, the reader of the folder must learn of it
        return _fail(folder, "crashed", f"{type(exception).__name__}: {exception}", status=2)
    return 0


def read_outputs(files: Mapping[str, bytes], names: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of the outputs a task was to make, each confirmed by the manifest.

    :param files: content of the retrieved files by relative path, such as ``outputs/proposal``.
    :param names: outputs that must be there; others are left alone.
    :raises TaskFailedError: when the task says that it failed.
    :raises DamagedOutputError: when an output or the manifest is missing, truncated or altered.
    """
    if MANIFEST not in files:
        raise _failure(files.get(ERROR))
    try:
        manifest = read_json(files[MANIFEST])
    except StrictJsonError as exception:
        raise DamagedOutputError(f"'{MANIFEST}' is {exception}") from exception
    records = manifest.get(OUTPUTS)
    if manifest.get("format") != _FORMAT or not isinstance(records, dict):
        raise DamagedOutputError(f"'{MANIFEST}' has no list of outputs in format {_FORMAT}")
    return {name: _confirmed(name, records.get(name), files.get(f"{OUTPUTS}/{name}")) for name in names}


def _confirmed(name: str, record: object, content: bytes | None) -> bytes:
    """Return the content of one output if it is the one that the manifest records."""
    if record is None:
        raise DamagedOutputError(f"the task made no output '{name}'")
    if content is None:
        raise DamagedOutputError(f"the file of the output '{name}' is missing")
    if record != _record(content):
        raise DamagedOutputError(f"the output '{name}' ({len(content)} bytes) is not the one recorded: {record}")
    return content


def _failure(content: bytes | None) -> ValueError:
    """Return the error that ``error.json`` describes, or that there is no trace of the task at all."""
    if content is None:
        return NoOutputError(f"the task left neither '{MANIFEST}' nor '{ERROR}'")
    try:
        record = read_json(content)
    except StrictJsonError as exception:
        return DamagedOutputError(f"'{ERROR}' is {exception}")
    kind, reason = record.get("kind"), record.get("reason")
    if kind not in ("refused", "crashed") or not isinstance(reason, str):
        return DamagedOutputError(f"'{ERROR}' does not say why the task failed")
    return TaskFailedError(kind, reason)


def _record(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _write_outputs(folder: Path, outputs: Mapping[str, bytes]) -> None:
    """Write each output, and the manifest after all of them.

    :raises RuntimeError: for a name that is no plain word, a mistake in the task itself.
    """
    (folder / OUTPUTS).mkdir(exist_ok=True)
    for name, content in sorted(outputs.items()):
        if not NAME.fullmatch(name):
            raise RuntimeError(f"the task names an output '{name}', expected lower-case letters, digits and '_'")
        _write(folder / OUTPUTS / name, content)
    records = {name: _record(content) for name, content in outputs.items()}
    _write(folder / MANIFEST, write_json({"format": _FORMAT, OUTPUTS: records}))


def _fail(folder: Path, kind: str, reason: str, status: int) -> int:
    """Record why there is no output; the traceback of the current exception goes to the log."""
    traceback.print_exc(file=sys.stderr)
    sentence = " ".join(reason.split())[:_LONGEST_REASON]
    _write(folder / ERROR, write_json({"kind": kind, "reason": sentence}))
    return status


def _write(path: Path, content: bytes) -> None:
    """Write a file at once: a reader sees all of it or nothing."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
