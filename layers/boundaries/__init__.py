"""Communes and provinces, before and after the merger."""
