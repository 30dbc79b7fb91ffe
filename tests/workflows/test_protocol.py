"""Settings of protocols."""

import pytest
from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.workflows.limits import define_limits
from aiida_gbml.workflows.protocol import refuse_unknown, setting_node, setting_nodes

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_settings_that_there_are_not_are_named():
    refuse_unknown(["seed"], {"seed", "budget"})
    with pytest.raises(ValueError, match="no setting 'sead' to override, known are budget, seed"):
        refuse_unknown(["seed", "sead"], {"seed", "budget"})


@pytest.mark.parametrize(
    ("kind", "value"),
    [(orm.Int, 3), (orm.Float, 3), (orm.Float, 0.5), (orm.Bool, True), (orm.List, [1]), (orm.Dict, {}), (orm.Str, "a")],
)
def test_a_setting_becomes_a_node_of_its_value(kind, value):
    node = setting_node("one", kind, value)
    assert isinstance(node, kind)
    assert (node.get_list() if kind is orm.List else node.get_dict() if kind is orm.Dict else node.value) == value


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (orm.Int, 2.5, "a whole number, got 2.5"),
        (orm.Int, True, "a whole number, got True"),
        (orm.Float, "fast", "a number, got 'fast'"),
        (orm.Bool, 1, "true or false, got 1"),
        (orm.List, (1, 2), "a list"),
        (orm.Dict, [1], "a mapping"),
    ],
)
def test_what_a_node_would_round_or_convert_is_refused(kind, value, words):
    with pytest.raises(ValueError, match=f"'one' must be {words}"):
        setting_node("one", kind, value)


def test_settings_become_nodes_that_their_ports_accept():
    spec = ProcessSpec()
    define_limits(spec, budget="", batch_size=3)
    kinds = {"budget": orm.Int, "batch_size": orm.Int, "seed": orm.Int}
    settings = {"budget": None, "batch_size": 2, "seed": 7}
    assert {name: node.value for name, node in setting_nodes(spec.inputs, settings, kinds).items()} == {
        "batch_size": 2,
        "seed": 7,
    }
    with pytest.raises(ValueError, match=r"^'batch_size' must be at least 1, got 0$"):
        setting_nodes(spec.inputs, {**settings, "batch_size": 0}, kinds)
    with pytest.raises(ValueError, match="'seed' must be a whole number, got 'any'"):
        setting_nodes(spec.inputs, {**settings, "seed": "any"}, kinds)
