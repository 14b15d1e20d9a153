"""One mail as bytes: text, header fields, calendar events.

Start with compose.py, then letter.py (text) and headers.py. texts.py chooses the template, placeholders.py and
values.py fill it, ical_event.py writes the calendar event.
"""
