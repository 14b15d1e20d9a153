"""Official letters, as rules. Start with values.py: what a letter holds. signatures.py: what its PDF says when it comes back."""
