"""What every engine can be asked to do with a structure."""

MODES = ("static", "relax")
"""Evaluate a structure as it is, or relax it first."""

ATOM_CONSTRAINTS = ("free", "normal")
"""All coordinates relax, or only the one normal to the cell vectors a and b."""

CELL_CONSTRAINTS = ("fixed", "normal", "isotropic", "free")
"""The cell stays, or only its height over a and b relaxes, or its volume at fixed shape, or all of it."""
