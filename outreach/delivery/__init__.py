"""Composing, sending and receiving."""
