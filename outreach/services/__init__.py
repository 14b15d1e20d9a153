"""What changes something: one use case per function, which owns its transaction and takes `now`.

One folder or file per subject. Pages that only show something read through queries/. The order of row locks is in
locking.py, the audit log is written in audit.py.
"""
