"""Readers: files of other people as sets of compositions."""
