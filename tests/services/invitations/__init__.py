"""Inviting, withdrawing, revisions of calendar entries, and seats."""
