"""The site plan, for reading."""
