"""The calendar: month, week, day, rows of venues or speakers, and moving an activity in it.

Start with views.py. range.py chooses the days, events.py feeds the script, move.py and undo.py move an activity and
take the last move back. Every page works without script.
"""
