"""The page of the office's ladders, and the pages of substitutes. Start with views.py."""
