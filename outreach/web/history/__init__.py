"""Histories on pages and as files: words.py says each entry, page.py shows them. queries/invitations/history.py reads them."""
