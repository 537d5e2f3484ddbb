"""Points, lines and polygons from files and data bases."""
