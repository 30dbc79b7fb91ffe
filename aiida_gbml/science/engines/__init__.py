"""Input texts and output parsers of the simulation engines, as plain functions of text."""
