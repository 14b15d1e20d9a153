"""What surrounds every page: access rights, headers, accounts, limits, and what templates may use.

Start with access.py (who may do what) and looks.py (what templates use). accounts/connect.py connects
Flask-Security, way_back.py leads back to the previous page.
"""
