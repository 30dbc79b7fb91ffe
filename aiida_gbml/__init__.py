"""AiiDA plugin that decides what a materials group computes next, has it computed and learns from it."""

__version__ = "0.1.0"
