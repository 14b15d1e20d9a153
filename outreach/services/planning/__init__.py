"""The plan of the office in services: load it, find clashes, refuse what blocks, book venues and speakers.

Start with load.py (the whole plan) and refuse.py (what may not be saved). claim.py books a venue and speakers in
the same transaction; clashes.py looks at what is not saved yet. The rules are domain/clashes.
"""
