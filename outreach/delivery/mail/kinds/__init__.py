"""Kinds of mail that are composed in their own way, one file each. Start with poll.py.

All others speak of activities in lines; mail/compose.py composes them.
"""
