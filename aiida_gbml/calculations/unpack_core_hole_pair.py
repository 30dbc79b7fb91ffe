"""From a pair to the files that the programs read."""

from __future__ import annotations

from io import BytesIO

from aiida import orm
from aiida.engine import calcfunction
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.core_hole_upf import CoreHoleUpfData


@calcfunction
def unpack_core_hole_pair(pair: CoreHolePairData) -> dict[str, orm.Data]:
    """Return the pseudopotentials ``ground`` and ``hole`` and the file ``core_orbitals`` of a pair.

    :param pair: ground state and hole.
    """
    names = pair.filenames
    return {
        "ground": UpfData(BytesIO(pair.ground), filename=names["ground"]),
        "hole": CoreHoleUpfData(BytesIO(pair.hole), filename=names["hole"]),
        "core_orbitals": orm.SinglefileData(BytesIO(pair.core_orbitals), filename=names["core_orbitals"]),
    }
