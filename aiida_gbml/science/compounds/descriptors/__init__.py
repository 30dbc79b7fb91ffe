"""Compound descriptors: what a composition, or a crystal and its atoms, looks like to a regression model."""
