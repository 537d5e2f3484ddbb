"""Fibre: who lives within reach of an operational route or node."""
