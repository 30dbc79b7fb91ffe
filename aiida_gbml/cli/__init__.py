"""The command aiida-gbml."""
