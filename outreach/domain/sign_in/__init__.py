"""Signing in, as rules: which passwords are refused, which events belong to security, what a browser is called, how long a
try has to wait.

Start with events.py.
"""
