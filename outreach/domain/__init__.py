"""Rules as plain functions and values. No Flask, no SQLAlchemy, no clock.

One folder or file per subject. reminders/due.py says when a reminder is due, answers.py what an invitee may answer,
clashes/ what clashes. states.py holds the states of every record.
"""
