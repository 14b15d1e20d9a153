"""Who comes in whose place: the chain of acting people, and who is told of it. Start with chain.py."""
