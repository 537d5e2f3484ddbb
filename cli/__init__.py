"""How the program is asked: one click module per command."""
