"""From the inputs of a search to one node that each of its proposals reads."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction


@calcfunction
def collect_parameters(**parameters: orm.Data) -> dict[str, orm.Dict]:
    """Return plain values by name as one dictionary, as output ``parameters``.

    :param parameters: nodes of a dictionary or of a single number.
    """
    values = {name: node.get_dict() if isinstance(node, orm.Dict) else node.value for name, node in parameters.items()}
    return {"parameters": orm.Dict(values)}
