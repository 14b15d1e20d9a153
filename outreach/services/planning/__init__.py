"""The office's plan: load it, find clashes, refuse changes that block, book venues and speakers.

Start with load.py (the whole plan) and checks.py (what may not be saved). book.py books a venue and speakers in the
same transaction; clashes.py also finds clashes of changes not saved yet. The rules are in domain/clashes.
"""
