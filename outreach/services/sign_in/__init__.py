"""Signing in: what is recorded about it.

Start with events.py: what belongs to security is written there.
"""
