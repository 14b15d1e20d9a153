"""Which clashes are found in a plan, and what resolves them."""
