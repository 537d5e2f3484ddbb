"""The generator of the sample province."""
