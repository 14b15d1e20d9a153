"""Use cases on a real database: what is stored, what is refused, who wins a race."""
