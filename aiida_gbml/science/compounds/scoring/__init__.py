"""Scoring of every candidate, in streams that keep the best ones only."""
