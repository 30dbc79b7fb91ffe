"""Tests of aiida_gbml.workflows.compounds.verification_ports; what it refuses is in test_verification.py."""

from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain


def test_only_the_expectation_is_there_whatever_happens() -> None:
    outputs = CompositionVerificationWorkChain.spec().outputs
    assert [name for name, port in outputs.items() if port.required] == ["expectation"]


def test_exit_codes_keep_their_numbers() -> None:
    codes = CompositionVerificationWorkChain.exit_codes
    assert codes.ERROR_NO_PROTOTYPE.status == 301
    assert codes.WARNING_PHASES_INCOMPLETE.status == 501
