"""The order of work of recommendations, property models and searches over compounds."""
