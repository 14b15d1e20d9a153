"""The page that finds a time."""
