"""Notices tell a reader only what they do not know yet."""
