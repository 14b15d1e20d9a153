"""Date polls: asking, answering, closing and choosing a slot."""
