"""Limits of searches: their defaults, and what they refuse."""

import pytest
from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.workflows.limits import define_limits

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def ports():
    spec = ProcessSpec()
    define_limits(spec, budget="; without it every point.", batch_size=3)
    return spec.inputs


def test_all_but_the_budget_have_a_default(ports):
    given = ports.pre_process({})
    assert {name: node.value for name, node in given.items()} == {
        "batch_size": 3,
        "max_failed_fraction": 0.5,
        "seed": 0,
    }
    assert ports["budget"].help == "Most evaluations (a number); without it every point."
    assert ports.validate(given) is None


@pytest.mark.parametrize(
    ("name", "node", "words"),
    [
        ("budget", orm.Int, "'budget' must be at least 1, got 0"),
        ("batch_size", orm.Int, "'batch_size' must be at least 1, got 0"),
        ("max_failed_fraction", orm.Float, "'max_failed_fraction' must lie between 0 and 1, got 1.5"),
        ("seed", orm.Int, "'seed' must be at least 0, got -1"),
    ],
)
def test_what_is_no_limit_is_refused(ports, name, node, words):
    value = node(1.5 if node is orm.Float else -1 if name == "seed" else 0)
    assert words in ports.validate(ports.pre_process({name: value})).message
