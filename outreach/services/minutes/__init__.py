"""Minutes of activities, the chair's approval, the copies, and the follow-ups with their reminders.

Start with edit.py: writing minutes. reading.py reads who was there; approval.py asks the chair; send.py sends the copies;
follow_ups.py keeps the tasks, remind.py reminds of them.
"""
