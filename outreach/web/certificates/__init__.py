"""Pages of certificates. views.py has the list and one certificate, settings.py how they are written.

check.py is the check page, own.py what the holder of a link downloads.
"""
