"""Many structures in, many labels out: one interface, an engine each."""
