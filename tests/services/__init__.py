"""Use cases on a real database: what they store, what they refuse, and which of two writers wins."""
