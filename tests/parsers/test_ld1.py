"""A dataset or an exit code, whatever was retrieved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common import LinkType

from aiida_gbml.parsers.ld1 import Ld1Parser
from aiida_gbml.science.engines.ld1 import ALL_ELECTRON_DERIVATIVES, PSEUDO_DERIVATIVES
from aiida_gbml.science.spectra.recipes import recipes

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile")]

RECIPE = recipes()["C"]
UPF, STDOUT = RECIPE.pseudo_filename("1s", "full"), "ld1.out"

Parse = Callable[..., tuple[Mapping[str, Any], Any]]
Files = dict[str, bytes]


@pytest.fixture
def files(carbon: Callable[[str], Files]) -> Files:
    """Return the files of a run that went well."""
    return dict(carbon("full"))


@pytest.fixture
def parse(aiida_localhost: orm.Computer) -> Parse:
    """Return a function that parses some retrieved files."""

    def call(files: Files, scheduler_status: int | None = None) -> tuple[Mapping[str, Any], Any]:
        node = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:gbml.ld1")
        node.set_options({"resources": {"num_machines": 1}, "output_filename": STDOUT})
        given = {"recipe": orm.Dict(RECIPE.to_mapping()), "shell": orm.Str("1s"), "hole": orm.Str("full")}
        for label, data in given.items():
            node.base.links.add_incoming(data.store(), link_type=LinkType.INPUT_CALC, link_label=label)
        node.store()
        if scheduler_status is not None:
            node.set_exit_status(scheduler_status)
        retrieved = orm.FolderData()
        for name, content in files.items():
            retrieved.base.repository.put_object_from_bytes(content, name)
        retrieved.base.links.add_incoming(node, link_type=LinkType.CREATE, link_label="retrieved")
        retrieved.store()
        return Ld1Parser.parse_from_node(node, store_provenance=False)

    return call


def test_a_run_that_went_well(parse: Parse, files: Files) -> None:
    outputs, parsed = parse(files)
    assert parsed.exit_status == 0
    assert set(outputs) == {"pseudo", "output_parameters", "log_derivatives"}


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        (lambda _: {}, 310, "did not start or was killed"),
        (lambda _: {STDOUT: b"hello"}, 320, "not one of ld1.x"),
        (lambda files: {**files, STDOUT: files[STDOUT][:3000]}, 320, "ends before the test"),
        (lambda files: {STDOUT: files[STDOUT]}, 321, "no pseudopotential"),
        (lambda files: {**files, UPF: files[UPF][:300_000]}, 322, "ends early"),
        (lambda files: {**files, UPF: files[UPF][:-30]}, 322, "ends early"),
        (lambda files: {**files, UPF: files[UPF].replace(b'element=" C"', b'element="Si"')}, 322, "one of Si"),
        (lambda files: {**files, UPF: b"\xff\xfe</UPF>"}, 322, "no UPF file"),
        (lambda files: {**files, PSEUDO_DERIVATIVES: b""}, 323, "no table"),
        (lambda files: {**files, ALL_ELECTRON_DERIVATIVES: b"1.0 nan\n2.0 1.0\n"}, 323, "finite"),
        (lambda files: {**files, ALL_ELECTRON_DERIVATIVES: b"1.0 1.0\n2.0 1.0\n"}, 323, "different energies"),
    ],
)
def test_what_is_missing_or_damaged_is_named(
    parse: Parse, files: Files, change: Callable[[Files], Files], status: int, message: str
) -> None:
    outputs, parsed = parse(change(files))
    assert parsed.exit_status == status
    assert message in parsed.exit_message
    assert "pseudo" not in outputs


def test_an_error_message_from_foreign_memory_is_made_printable(parse: Parse) -> None:
    """As ``ld1.x`` 6.7 prints it for a file of UPF version 1."""
    text = b"  Program LD1 v.6.7\n Error in routine set_dft_from_name (1):\n \xff\xff\0\0: unrecognized dft\n"
    _, parsed = parse({STDOUT: text})
    assert parsed.exit_status == 320
    assert parsed.exit_message.isprintable()
    assert "unrecognized dft" in parsed.exit_message


def test_what_the_scheduler_says_is_not_overruled(parse: Parse) -> None:
    assert parse({}, 120)[1].exit_status == 0  # of the parser: that of the scheduler stands


def test_random_bytes_raise_nothing(parse: Parse, files: Files, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    names = [STDOUT, UPF, ALL_ELECTRON_DERIVATIVES, PSEUDO_DERIVATIVES]
    for count in range(12):
        name = names[count % len(names)]
        at = int(rng.integers(len(files[name])))
        hostile = files[name][:at] + rng.bytes(60) + files[name][at + 60 :]
        outputs, parsed = parse({**files, name: hostile})
        assert parsed.is_finished, parsed.exception
        assert ("pseudo" in outputs) == (parsed.exit_status == 0)
