"""The project file and what it may say."""
