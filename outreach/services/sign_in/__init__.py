"""Signing in: sessions, passwords, second factors, recovery codes, a new password by mail, and what is recorded about it.

Start with sessions.py and passwords.py. events.py writes what belongs to security.
Flask-Security draws the pages of signing in; web/sign_in/ fits it to these rules.
"""
