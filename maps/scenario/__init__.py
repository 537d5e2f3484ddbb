"""A run with stations added and taken away, for reading."""
