"""Data nodes whose content is one deterministic array archive in the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from aiida import orm
from aiida.common.exceptions import ValidationError

if TYPE_CHECKING:
    from typing_extensions import Self


class ArchiveData(orm.Data):
    """A node that holds the bytes of one array archive; summaries for queries are attributes.

    Subclasses say what the archive means by :attr:`CONTENT`, of which their constructor takes one.
    """

    FILENAME: ClassVar[str] = "arrays.npz"

    CONTENT: ClassVar[Any]
    """Class whose ``from_bytes`` reads the archive, and raises ``ValueError`` when it is damaged or something else."""

    def _set_content(self, content: bytes) -> None:
        """Put the archive into the node's repository."""
        self.base.repository.put_object_from_bytes(content, self.FILENAME)

    @classmethod
    def from_content(cls, content: bytes) -> Self:
        """Return an unstored node of the bytes of an archive.

        :raises ValueError: when the bytes are damaged or are not what the class stands for.
        """
        return cls(cls.CONTENT.from_bytes(content))

    @property
    def content(self) -> bytes:
        """The bytes of the archive."""
        return self.base.repository.get_object_content(self.FILENAME, mode="rb")

    def _check(self) -> None:
        """Raise ``ValueError`` when the stored bytes are not what the class stands for."""
        self.CONTENT.from_bytes(self.content)

    def _validate(self) -> bool:
        """Refuse to store a node whose archive is missing or damaged."""
        super()._validate()
        if self.FILENAME not in self.base.repository.list_object_names():
            raise ValidationError(f"{type(self).__name__} holds no '{self.FILENAME}'")
        try:
            self._check()
        except ValueError as exception:
            raise ValidationError(f"{type(self).__name__}: {exception}") from exception
        return True
