"""The page of planning rules."""
