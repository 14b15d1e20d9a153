"""The office of this installation: its names and zone, its staff accounts, its planning rules.

Start with office.py. staff.py holds accounts and roles. planning_rules.py saves what counts as a clash and its
severity.
"""
