"""From the files of a task to nodes."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode
from aiida.parsers import Parser

from aiida_gbml.data.task_output import output_node
from aiida_gbml.science.task import ERROR, MANIFEST, OUTPUTS, NoOutputError, TaskFailedError, read_outputs


class WorkerParser(Parser):
    """Attach the outputs that the manifest confirms, or say in one sentence why there are none."""

    CACHE_VERSION: int | None = 1

    def parse(self, **_: Any) -> ExitCode | None:
        """Return an exit code unless every output was made; nothing is attached when one of them is damaged."""
        types: dict[str, str] = self.node.get_option("output_types") or {}
        try:
            contents = read_outputs(_files(self.retrieved, list(types)), sorted(types))
            nodes = {name: output_node(types[name], content) for name, content in contents.items()}
        except TaskFailedError as exception:
            return self._exit("ERROR_INPUT_REFUSED" if exception.kind == "refused" else "ERROR_TASK_CRASHED", exception)
        except NoOutputError as exception:
            return self._exit("ERROR_NO_MANIFEST", exception)
        except ValueError as exception:  # the manifest does not confirm an output, or it is not of its declared type
            return self._exit("ERROR_OUTPUT_DAMAGED", exception)
        for name, node in nodes.items():
            self.out(f"results.{name}", node)
        return None

    def _exit(self, label: str, reason: ValueError) -> ExitCode:
        code: ExitCode = self.exit_codes[label]
        return code.format(reason=str(reason))


def _files(retrieved: orm.FolderData, outputs: list[str]) -> dict[str, bytes]:
    """Return the content of the files of the protocol that were retrieved."""
    paths = (MANIFEST, ERROR, *(f"{OUTPUTS}/{name}" for name in outputs))
    contents = ((path, _content(retrieved, path)) for path in paths)
    return {path: content for path, content in contents if content is not None}


def _content(retrieved: orm.FolderData, path: str) -> bytes | None:
    """Return the content of one retrieved file, none when there is no such file."""
    try:
        return retrieved.base.repository.get_object_content(path, mode="rb")
    except (FileNotFoundError, IsADirectoryError):
        return None
