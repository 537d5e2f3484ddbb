"""Public data for a province: from the catalogue's addresses to the project's own layers."""
