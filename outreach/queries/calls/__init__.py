"""Whom to call, and what came of the calls. Start with lists.py: the list of people to call."""
