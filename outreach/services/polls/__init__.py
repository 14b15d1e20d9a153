"""Date polls: propose several times, ask people, collect their answers, and make the activity.

Start with edit.py (a draft), then ask.py (open, close, remind), answer.py and decide.py. mail.py writes the poll's
messages. Pages read queries/polls.py.
"""
