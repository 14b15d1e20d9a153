"""Access rights, headers, limits, languages and return links."""
