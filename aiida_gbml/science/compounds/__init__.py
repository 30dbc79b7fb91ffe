"""Which compositions to make, and what properties compounds will have."""
