"""Flask-Security fitted to the office: its forms, second factors and sentences. Start with connect.py.

It stands on access.py; what access.py itself needs of signing in is in sign_in/.
"""
