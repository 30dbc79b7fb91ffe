"""Nodes of tables of ions."""

import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.ions import IonTable

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def test_a_stored_table_is_the_same_and_keeps_the_order_of_anions() -> None:
    node = orm.load_node(IonTableData(IonTable.default()).store().pk)
    assert node.table == IonTable.default()
    assert list(node.table.anions) == list(IonTable.default().anions)
    assert node.get_dict()["cations"]["Fe"] == [1, 2, 3, 4, 5, 6]


def test_what_is_no_table_is_not_stored() -> None:
    node = IonTableData(IonTable({26: (2, 3)}, {8: 2}))
    node.base.attributes.set("cations", {"Fx": [1]})
    with pytest.raises(ValidationError, match="'Fx', which is no element"):
        node.store()
    with pytest.raises(ValidationError, match="'anions' and 'cations'"):
        IonTableData().store()
