"""One activity from first draft to end: edit, publish, move, cancel, delete, and its agenda.

Start with edit.py (drafts) and publish.py (publish and cancel). move.py is the only way to change an
activity's time or place. checks.py holds the rules that every save applies.
"""
