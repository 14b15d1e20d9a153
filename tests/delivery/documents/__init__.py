"""Documents on paper, read back."""
