"""The node of a table of ions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.science.compounds.ions import IonTable


class IonTableData(orm.Dict):
    """Which elements are cations and anions, and with which charges, see :class:`IonTable`.

    The dictionary has ``anions`` (absolute charge by symbol) and ``cations`` (list of charges by symbol).
    """

    def __init__(self, table: IonTable | None = None, **kwargs: Any) -> None:
        super().__init__(None if table is None else table.to_dict(), **kwargs)

    @cached_property
    def table(self) -> IonTable:
        """The table itself."""
        return IonTable.from_dict(self.get_dict())

    def _validate(self) -> bool:
        """Refuse to store what is no table of ions."""
        super()._validate()
        try:
            IonTable.from_dict(self.get_dict())
        except ValueError as exception:
            raise ValidationError(f"{type(self).__name__}: {exception}") from exception
        return True
