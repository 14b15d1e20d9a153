"""Access rights, headers, limits, languages and the way back."""
