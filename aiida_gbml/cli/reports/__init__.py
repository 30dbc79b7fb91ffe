"""What `show`, `explain`, `plot` and `export` say about each kind of process and node: one class a file."""
