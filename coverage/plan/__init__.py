"""Plan: what to build, near the cheapest possible, with proof."""
