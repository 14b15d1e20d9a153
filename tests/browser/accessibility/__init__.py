"""Accessibility: keyboard, screen reader, size of buttons. Start at engines.py: two engines check each page."""
