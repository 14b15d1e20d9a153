"""Rules as plain functions and values: no Flask, no SQLAlchemy, no clock.

One folder or file per subject. When a reminder falls due is in reminders.py, what may be answered in answers.py,
what clashes in clashes/. The states of every record are in states.py.
"""
