"""Radio: propagation models, antennas, link budget and prediction."""
