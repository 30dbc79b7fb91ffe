"""Data classes: what is stored in the graph, one class a file."""
