"""From any table to typed columns."""
