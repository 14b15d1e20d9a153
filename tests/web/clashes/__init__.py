"""Clashes and their resolutions on pages."""
