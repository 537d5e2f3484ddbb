"""What changed between two runs, for reading."""
