"""What a scenario adds and takes away."""
