"""Signing in: sessions, tries, and what is recorded about them."""
