"""Framed mails are equal, byte for byte, to composed ones."""
