"""Signing in: passwords, second factors, recovery codes, a new password by mail, and what is recorded about it.

Start with passwords.py, and with events.py: what belongs to security is written there.
Flask-Security draws the pages of signing in; web/sign_in/ fits it to these rules.
"""
