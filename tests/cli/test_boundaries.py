"""`aiida-gbml boundaries`, as a user types it."""

from click.testing import CliRunner

from aiida_gbml.cli.boundaries import boundaries


def listed(*arguments: str) -> list[list[str]]:
    result = CliRunner().invoke(boundaries, arguments)
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.output.splitlines()[2:]]


def test_the_boundaries_of_the_textbooks_are_listed() -> None:
    """Sigma 3 (111) is the twin; sigma 5 [001] has the planes (210) and (310), and twists by 36.87°."""
    rows = [" ".join(row) for row in listed("--max-sigma", "5")]
    assert any(row.startswith("3 symmetric tilt") and "1 1 1" in row for row in rows)
    for plane, angle in (("2 1 0", "53.13"), ("3 1 0", "36.87")):
        assert any(row.startswith("5 symmetric tilt 0 0 1") and plane in row and row.endswith(angle) for row in rows)
    assert "5 twist 0 0 1 0 0 1 36.87" in rows


def test_only_the_axes_that_were_asked_for_are_listed() -> None:
    rows = listed("--max-sigma", "7", "--axis", "1", "1", "1")
    assert rows
    assert all("1 1 1" in " ".join(row) for row in rows)


def test_sigmas_without_meaning_are_refused() -> None:
    assert CliRunner().invoke(boundaries, ["--max-sigma", "1"]).exit_code == 2
