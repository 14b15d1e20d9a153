"""One activity from its first draft to its end: edit, publish, move, cancel, delete, and its agenda.

Start with edit.py (a draft) and publish.py (publish and cancel). move.py holds the one way to give an activity
another time or place. checks.py holds the rules that every save applies.
"""
