"""Grain boundaries and interfaces: coincidence lattices, bicrystals, symmetry, excess energies and their search."""
