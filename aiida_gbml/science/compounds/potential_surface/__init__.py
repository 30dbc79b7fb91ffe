"""The energy of a mobile atom in a fixed host: stable sites and the lowest bottleneck, from few evaluations."""
