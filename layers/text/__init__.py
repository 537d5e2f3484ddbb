"""Vietnamese text from before Unicode."""
