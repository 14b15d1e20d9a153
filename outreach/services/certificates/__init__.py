"""Certificates of who was present or acted: making, correcting and revoking them, and how they are written.

Start with make.py. A certificate never changes and is never deleted.
"""
