"""The document to sign, as Word and PDF."""
