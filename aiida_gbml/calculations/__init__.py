"""Processes that compute: calculation jobs and calculation functions, one a file."""
