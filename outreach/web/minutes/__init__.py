"""Minutes of activities and their follow-ups, for staff.

Start with views.py; follow_ups.py has the tasks. What the chair and an owner see by their links is
web/answer_pages/minutes.py.
"""
