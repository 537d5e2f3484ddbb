"""The map page and its data."""
