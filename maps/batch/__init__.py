"""Many provinces in a night: processes, ledger, national tables."""
