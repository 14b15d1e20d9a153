"""The page of the office's ladders. Start with views.py."""
