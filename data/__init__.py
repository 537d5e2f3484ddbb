"""What comes with the program: language, small tables with their sources, the sample province."""
