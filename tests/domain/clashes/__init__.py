"""Which clashes a plan has, and what resolves them."""
