"""Secret calendar addresses: staff make and revoke them, calendar programs read them.

Start with views.py (staff). files.py answers calendar programs, without login.
"""
