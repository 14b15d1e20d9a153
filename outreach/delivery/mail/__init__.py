"""One mail as bytes: its words, its header fields, its calendar entries.

Start with compose.py, then letter.py (words) and headers.py. texts.py chooses the text, placeholders.py and
values.py fill it, ical_event.py writes the calendar entry.
"""
