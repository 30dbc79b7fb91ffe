"""Numbers in, numbers out: nothing in here knows of AiiDA."""
