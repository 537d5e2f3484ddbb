"""The fibre plan, for reading."""
