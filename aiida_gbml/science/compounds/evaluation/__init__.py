"""Evaluation: how many compositions that came later, or that another source knows, a recommender would have found."""
