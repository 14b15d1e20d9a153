"""When people, organisations and venues are unavailable: entered by hand or read from calendars.

Start with edit.py. calendars.py keeps addresses and files, refresh.py reads them again and again; parse.py reads
one iCalendar file in a separate process.
"""
