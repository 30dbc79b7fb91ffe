"""What a search of a potential-energy surface refuses before anything is stored."""

import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms
from hosts import surface_builder

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mobile", "Qq", "must be an element such as H or Li, got 'Qq'"),
        ("structure", Atoms("Pd", cell=[3, 3, 3], pbc=False), "periodic along three"),
        ("grid", {"spacing": -1}, "'spacing' of the grid must be a positive number"),
        ("grid", {"spacing": 1.5, "min_distance_ratio": 0.1}, "too coarse for paths"),
        ("supercell", [1, 1], "three positive whole numbers"),
        ("strategy", {"method": "magic"}, "unknown search method 'magic'"),
        ("budget", 0, "'budget' must be at least 1, got 0"),
        ("temperature", -3.0, "'temperature' must be positive"),
        ("max_failed_fraction", 3.0, "must lie between 0 and 1, got 3.0"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(name, value, message):
    builder = surface_builder()
    before = orm.QueryBuilder().append(orm.ProcessNode).count()
    with pytest.raises(ValueError, match=message):
        _run(builder, name, value)
    assert orm.QueryBuilder().append(orm.ProcessNode).count() == before


def _run(builder, name, value):
    builder[name] = orm.StructureData(ase=value) if isinstance(value, Atoms) else orm.to_aiida_type(value)
    run_get_node(builder)


def test_an_engine_that_is_none_is_refused():
    builder = surface_builder()
    builder.engine["workflow"] = orm.Str("gbml.gb_search")
    with pytest.raises(ValueError, match="must have the interface of an evaluation"):
        run_get_node(builder)
