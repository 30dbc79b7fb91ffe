"""Core-loss spectra: core holes, sites, energies, broadening, and the files that hold them."""
