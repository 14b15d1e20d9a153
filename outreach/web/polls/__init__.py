"""Pages of date polls for staff: list, draft, ask people, record answers, and choose a slot.

Start with views.py, then ask.py and decide.py. The page that invitees open is web/answer_pages/poll.py.
"""
