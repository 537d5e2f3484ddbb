"""Prediction against measurement, for reading."""
