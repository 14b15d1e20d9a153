"""Read-only queries: what pages, exports, feeds and the command show, in a fixed number of statements.

One folder or file per subject, with the same names as in services/. Nothing here writes; import-linter forbids it.
The preview of a change stands beside the change in services/, because both must agree.
Start with overview/page.py, or with invitations/lists.py for a long list with filters.
"""
