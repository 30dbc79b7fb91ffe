"""What the domains share: Gaussian processes, acquisition functions and model files."""
