"""How a search can end."""

import string

from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

CODES = GrainBoundarySearchWorkChain.exit_codes


def test_statuses_tell_whose_fault_it_is():
    """2xx the input, 4xx a child, 5xx a result with a caveat."""
    own = {label: code.status for label, code in CODES.items() if code.status >= 200}
    assert {label for label, status in own.items() if status < 300} == {"ERROR_INVALID_BULK", "ERROR_INVALID_SPACE"}
    caveats = {label for label, status in own.items() if status >= 500}
    assert caveats == {"WARNING_NOT_VERIFIED", "WARNING_BELOW_BULK", "WARNING_NOT_RELAXED"}
    assert all(200 <= status < 300 or 400 <= status < 600 for status in own.values())


def test_messages_are_sentences_whose_words_can_be_filled_in():
    for code in CODES.values():
        if code.status >= 200:
            names = [name for _, name, _, _ in string.Formatter().parse(code.message) if name]
            filled = code.format(**{name: f"<{name}>" for name in names}).message
            assert all(f"<{name}>" in filled for name in names)
            assert "{" not in filled
            assert filled[0].isupper() or filled[0] == "<"
