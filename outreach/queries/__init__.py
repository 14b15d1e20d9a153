"""Read-only queries: everything that pages, exports and feeds show, in a fixed number of statements.

One folder or file per subject, with the same names as in services/. Nothing here writes; import-linter forbids it.
Start with overview/page.py, or with invitations/lists.py for a long list with filters.
"""
