"""Frames: what all recipients of a mail share is composed once, then each recipient's values are filled in.

Start with frame.py. outline.py decides what recipients share, slots.py cuts a composed mail and fills it. A test checks
that a framed mail equals a composed one, byte for byte.
"""
