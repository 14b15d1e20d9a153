"""Pages of reminder rules and mail texts, for the office, a programme or one activity.

Start with rules.py (rules) and texts.py (texts). scope.py reads from the address which of the three is meant.
"""
