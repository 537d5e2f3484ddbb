"""Figures of how good the inputs are."""
