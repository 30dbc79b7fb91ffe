"""What parsers of retrieved files share: a file that may be missing, and a message that may hold anything."""

from __future__ import annotations

from aiida.common.exceptions import NotExistent
from aiida.engine import ExitCode
from aiida.parsers import Parser


class FileParser(Parser):
    """Reads retrieved files, and ends with the exit codes of the job."""

    def _content(self, name: str) -> bytes:
        """Return the content of one retrieved file, empty when there is no such file."""
        try:
            content: bytes = self.retrieved.base.repository.get_object_content(name, mode="rb")
        except (OSError, NotExistent):
            return b""
        return content

    def _exit(self, label: str, **words: str) -> ExitCode:
        """Return an exit code of the job with its message filled in.

        What a program prints from memory that is not its own must not reach a database: it is replaced.
        """
        code: ExitCode = self.exit_codes[label]
        printable = {name: "".join(one if one.isprintable() else "?" for one in text) for name, text in words.items()}
        return code.format(**printable) if words else code
