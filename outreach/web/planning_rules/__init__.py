"""The page that says what counts as a clash in this office: all staff read it, administrators change it.

Start with views.py. The rules are domain/planning/rules.py; services/office/planning_rules.py saves them.
"""
