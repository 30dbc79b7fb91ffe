"""Core-hole spectra: pseudopotentials with a hole, one site, and datasets of many."""
