"""The command `aiida-gbml`: thin click over builders and queries."""

from aiida_gbml.cli.root import cli

__all__ = ["cli"]
