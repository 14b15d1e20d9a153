"""Frames: what all readers of a mail share is composed once, then each reader's values are filled in.

Start with frame.py. outline.py decides what readers share, slots.py cuts a composed mail and fills it. A test
holds a framed mail equal, byte for byte, to a composed one.
"""
