"""Regression models of a property of compounds, each with an error bar and a stored form without code."""
