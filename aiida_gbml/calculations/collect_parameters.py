"""From the inputs of a search to one node that a worker reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import calcfunction


@calcfunction
def collect_parameters(**parameters: orm.Data) -> dict[str, orm.Dict]:
    """Return plain values by name as one dictionary, as output ``parameters``.

    :param parameters: nodes of a dictionary or of a single number.
    """
    return {"parameters": orm.Dict(plain_values(parameters))}


def plain_values(nodes: Mapping[str, orm.Data]) -> dict[str, Any]:
    """Return what dictionaries and single numbers hold, by name."""
    return {name: node.get_dict() if isinstance(node, orm.Dict) else node.value for name, node in nodes.items()}
