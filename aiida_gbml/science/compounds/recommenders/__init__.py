"""Recommenders: models that learn from known compositions which unknown ones are likely to exist."""
