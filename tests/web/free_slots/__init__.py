"""The page that finds free slots."""
